import type { Replaced } from './plant.ts';

/** A defect that somebody could bring in, and that a run has to find. */
export interface Defect {
  readonly name: string;
  readonly replaced: readonly Replaced[];
  /** The narrow tests that have to find it, by the end of their paths; the harness has to where there are none. */
  readonly tests?: readonly string[];
  /** The harness's points that are enough, as `--only` takes them: it shows at few. */
  readonly only?: string;
}
