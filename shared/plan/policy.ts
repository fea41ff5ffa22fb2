import type { Move, Unclaimed } from './decision.ts';
import type { Problem } from './problem.ts';

/** What a cluster's configuration allows to be done about a decision. */
export interface Policy {
  readonly name: PolicyName;
  /** Whether anything is written at all: to ENIs, to pods, to other nodes' messages. */
  readonly writes: boolean;
  /** Whether an address may be taken away from an ENI. */
  readonly unassigns: boolean;
}

export type PolicyName = 'sync' | 'upsert-only' | 'dry-run';

export const POLICIES: Readonly<Record<PolicyName, Policy>> = {
  sync: { name: 'sync', writes: true, unassigns: true },
  'upsert-only': { name: 'upsert-only', writes: true, unassigns: false },
  // Decides as `sync` does, and reports that.
  'dry-run': { name: 'dry-run', writes: false, unassigns: true },
};

/** Everything that takes an address away from an ENI, and the problems of those who wait for what is forbidden. */
export interface Takings extends Pick<Unclaimed, 'release' | 'releaseUnseen'> {
  readonly move: readonly Move[];
  readonly forbidden: readonly Problem[];
}

/** What is left where nothing may be unassigned: addresses are assigned, and whoever waits for a move is told. */
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
