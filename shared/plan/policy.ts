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
