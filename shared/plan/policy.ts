import type { Move, Unclaimed } from './decision.ts';
import type { Problem } from './problem.ts';

/** Everything that takes an address away from an ENI, and whom it costs an address that it may not. */
export interface Takings extends Pick<Unclaimed, 'release' | 'releaseUnseen'> {
  readonly move: readonly Move[];
  readonly forbidden: readonly Problem[];
}

/** The release policy `upsert-only`: addresses are assigned, and nothing is unassigned from any ENI. */
export function withoutUnassigning({ move }: Takings): Takings {
  return {
    release: [],
    releaseUnseen: [],
    move: [],
    forbidden: move.map(({ address, claim, fromEniId }) => ({
      pod: claim.pod,
      address,
      kind: 'held-elsewhere',
      eniId: fromEniId,
      why: 'policy',
    })),
  };
}
