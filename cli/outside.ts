import type { Clock } from '../shared/time/clock.ts';
import type { Sink } from './output.ts';

/** Everything outside of the program. */
export interface CliOutside {
  readonly environment: Readonly<Record<string, string | undefined>>;
  readonly clock: Clock;
  readonly stdout: Sink;
  readonly stderr: Sink;
  /** Aborted when the operator has had enough. */
  readonly interrupted: () => AbortSignal;
}
