/** What a cluster's configuration allows to be done about a decision. */
export interface Policy {
  readonly name: PolicyName;
  /** Whether anything is written but what `tells` says: to ENIs, to pods, to other nodes' messages. */
  readonly writes: boolean;
  /** Whether a pod is told what became of its claims, or what would become of them. */
  readonly tells: boolean;
  /** Whether an address may be taken away from an ENI. */
  readonly unassigns: boolean;
}

export type PolicyName = 'sync' | 'upsert-only' | 'dry-run';

export const POLICIES: Readonly<Record<PolicyName, Policy>> = {
  sync: { name: 'sync', writes: true, tells: true, unassigns: true },
  'upsert-only': { name: 'upsert-only', writes: true, tells: true, unassigns: false },
  // Decides as `sync` does, and reports that.
  'dry-run': { name: 'dry-run', writes: false, tells: true, unassigns: true },
};

/** Of a cluster that an operator stopped, or that another stage serves: not even the pods are told. */
export const STOPPED: Policy = { ...POLICIES['dry-run'], tells: false };
