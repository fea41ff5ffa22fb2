import type { FunctionName } from '../../resources/names.ts';
import type { MetricName } from '../../shared/telemetry.ts';

/**
 * When a metric has a value, which is when CloudWatch charges for it: always; in the hours in which pods
 * come and go; or where something is wrong. test/unit/scripts/cost.test.ts holds it against the product.
 */
export const EMITTED: Readonly<
  Record<
    MetricName,
    {
      readonly when: 'always' | 'busy' | 'wrong';
      readonly by: readonly FunctionName[];
      /** For all clusters together. */
      readonly once?: true;
    }
  >
> = {
  SweepCompleted: { when: 'always', by: ['sweep'] },
  ForwarderHeartbeat: { when: 'always', by: ['reconcile'] },
  Ec2Calls: { when: 'always', by: ['reconcile', 'sweep'], once: true },
  FullestEni: { when: 'always', by: ['sweep'], once: true },
  AddressesAssigned: { when: 'busy', by: ['reconcile'] },
  AddressesReleased: { when: 'busy', by: ['reconcile'] },
  AssignmentLatency: { when: 'busy', by: ['reconcile'] },
  AddressesTakenOver: { when: 'wrong', by: ['reconcile'] },
  AddressesNotAssigned: { when: 'wrong', by: ['reconcile'] },
  AddressesWithheld: { when: 'wrong', by: ['reconcile'] },
  AddressesForeign: { when: 'wrong', by: ['reconcile'] },
  ClusterOfAnotherStage: { when: 'wrong', by: ['reconcile'] },
  ClusterStopped: { when: 'wrong', by: ['sweep'] },
  ControlUnreadable: { when: 'wrong', by: ['reconcile', 'sweep'], once: true },
  AssignThrottles: { when: 'wrong', by: ['reconcile'] },
  BudgetRate: { when: 'wrong', by: ['reconcile'] },
  BudgetTableFailures: { when: 'wrong', by: ['reconcile'], once: true },
  BudgetWait: { when: 'wrong', by: ['reconcile'] },
  Ec2Throttles: { when: 'wrong', by: ['reconcile', 'sweep'] },
  UnassignThrottles: { when: 'wrong', by: ['reconcile'] },
  MessagesExpired: { when: 'wrong', by: ['reconcile'] },
  MessagesMalformed: { when: 'wrong', by: ['reconcile'], once: true },
  MessagesPassedOn: { when: 'wrong', by: ['reconcile'] },
  NodesRetried: { when: 'wrong', by: ['reconcile'] },
  PodsNotTold: { when: 'wrong', by: ['reconcile'] },
  SweepFailed: { when: 'wrong', by: ['sweep'] },
  DriftMissing: { when: 'wrong', by: ['sweep'] },
  DriftLeaked: { when: 'wrong', by: ['sweep'] },
  DriftForeign: { when: 'wrong', by: ['sweep'] },
  DriftConflicting: { when: 'wrong', by: ['sweep'] },
  DriftFull: { when: 'wrong', by: ['sweep'] },
  LargeObjects: { when: 'wrong', by: ['sweep'] },
  LedgerUnusable: { when: 'wrong', by: ['reconcile', 'sweep'] },
  NetworksUnreadable: { when: 'wrong', by: ['sweep'] },
  PodsNotAttached: { when: 'wrong', by: ['sweep'] },
  ReservationsWrong: { when: 'wrong', by: ['sweep'] },
};

/** How many metrics have values then, of each cluster and of all together. */
export function emitted(when: 'always' | 'busy'): {
  readonly perCluster: number;
  readonly once: number;
} {
  const all = Object.values(EMITTED).filter((metric) => metric.when === when);
  const count = (metrics: typeof all): number =>
    metrics.reduce((sum, { by }) => sum + by.length, 0);
  return {
    perCluster: count(all.filter(({ once }) => once !== true)),
    once: count(all.filter(({ once }) => once === true)),
  };
}
