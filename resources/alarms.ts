import type { StageSettings } from '../config/schema.ts';
import { ALL_CLUSTERS } from '../shared/telemetry.ts';
import { type Alarm, custom, type Metric, ofFunction, type WatchedCluster } from './alarm.ts';
import { tableOf } from './budget-table.ts';
import { getAtt } from './cloudformation.ts';
import { type FunctionName, idOf } from './names.ts';

const FIVE_MINUTES = 300;
/** A message that waits longer than a cluster that is unreachable for a moment. */
const WAIT_SECONDS = 900;

function ofQueue(queue: 'Queue' | 'DeadLetterQueue', name: string): Metric {
  return { namespace: 'AWS/SQS', name, dimensions: { QueueName: getAtt(queue, 'QueueName') } };
}

/** All alarms of a stage. */
export function alarmsOf(stage: string, settings: StageSettings): Alarm[] {
  return [
    ...queueAlarms(),
    ...functionAlarms(stage, 'reconcile'),
    ...functionAlarms(stage, 'sweep'),
    ...bookingAlarms(stage, settings),
    ...settings.clusters.flatMap(({ name }) =>
      clusterAlarms({
        name,
        id: idOf(name),
        sweepSeconds: settings.sweepMinutes * 60,
        leakedThreshold: settings.leakedThreshold,
      }),
    ),
  ];
}

/** Those of one cluster, but for its queue. */
export function clusterAlarms<N>(cluster: WatchedCluster<N>): Alarm<N>[] {
  return [
    ...reconcileAlarms(cluster),
    ...stopAlarms(cluster),
    ...driftAlarms(cluster),
    ...silenceAlarms(cluster),
  ];
}

/** Those of the queue that has these logical ids. */
export function queueAlarms(): Alarm[] {
  return [
    {
      name: 'dead-letter-queue-not-empty',
      logicalId: 'DeadLetterQueueNotEmptyAlarm',
      section: 'dead-letter-queue-not-empty',
      means: 'Messages could not be done; their nodes may be out of date until the next sweep.',
      metric: ofQueue('DeadLetterQueue', 'ApproximateNumberOfMessagesVisible'),
      statistic: 'Maximum',
      periodSeconds: FIVE_MINUTES,
      periods: 1,
      threshold: 0,
    },
    {
      name: 'messages-wait-too-long',
      logicalId: 'MessagesWaitTooLongAlarm',
      section: 'messages-wait-too-long',
      means: 'Nodes wait for their reconcile: addresses of new pods come late.',
      metric: ofQueue('Queue', 'ApproximateAgeOfOldestMessage'),
      statistic: 'Maximum',
      periodSeconds: FIVE_MINUTES,
      periods: 1,
      threshold: WAIT_SECONDS,
    },
  ];
}

function functionAlarms(stage: string, name: FunctionName): Alarm[] {
  const id = name === 'reconcile' ? 'Reconcile' : 'Sweep';
  const usual = { statistic: 'Sum', periodSeconds: FIVE_MINUTES, threshold: 0 } as const;
  return [
    {
      name: `function-errors-${name}`,
      logicalId: `${id}ErrorsAlarm`,
      section: 'function-errors',
      means: `Invocations of ${name} failed as a whole; what they had to do comes again.`,
      metric: ofFunction(stage, name, 'Errors'),
      periods: 1,
      ...usual,
    },
    {
      name: `function-throttles-${name}`,
      logicalId: `${id}ThrottlesAlarm`,
      section: 'function-throttles',
      means: `Lambda had no room for ${name}: the account's concurrency is used up.`,
      metric: ofFunction(stage, name, 'Throttles'),
      // The event source mapping itself backs off after single ones.
      periods: 2,
      ...usual,
    },
  ];
}

function bookingAlarms(stage: string, settings: StageSettings): Alarm[] {
  if (tableOf(stage, settings) === undefined) return [];
  return [
    {
      name: 'calls-not-booked',
      logicalId: 'CallsNotBookedAlarm',
      section: 'calls-not-booked',
      means: "Executions do not book EC2's calls: the table is gone, refuses them or is slow.",
      metric: custom('reconcile', 'BudgetTableFailures', ALL_CLUSTERS),
      statistic: 'Sum',
      periodSeconds: FIVE_MINUTES,
      // An execution that works asks a table that fails once a minute; single slow answers are usual.
      periods: 3,
      threshold: 3,
    },
  ];
}

function reconcileAlarms<N>({ name: cluster, id }: WatchedCluster<N>): Alarm<N>[] {
  return [
    {
      name: `addresses-not-assigned-${cluster}`,
      logicalId: `AddressesNotAssigned${id}Alarm`,
      section: 'addresses-not-assigned',
      means: `Pods of ${cluster} claim addresses that could not be assigned to their ENIs.`,
      metric: custom('reconcile', 'AddressesNotAssigned', cluster),
      statistic: 'Sum',
      periodSeconds: FIVE_MINUTES,
      periods: 1,
      threshold: 0,
    },
    {
      name: `releases-withheld-${cluster}`,
      logicalId: `ReleasesWithheld${id}Alarm`,
      section: 'releases-withheld',
      means: `Many addresses of ${cluster} are left at once, and are not released: look whether their pods have ended.`,
      metric: custom('reconcile', 'AddressesWithheld', cluster),
      statistic: 'Sum',
      periodSeconds: FIVE_MINUTES,
      periods: 1,
      threshold: 0,
    },
    {
      name: `ledger-unusable-${cluster}`,
      logicalId: `LedgerUnusable${id}Alarm`,
      section: 'ledger-unusable',
      means: `ENILedgers of ${cluster} cannot be read or written: nothing is released on their ENIs.`,
      metric: custom('reconcile', 'LedgerUnusable', cluster),
      statistic: 'Sum',
      periodSeconds: FIVE_MINUTES,
      periods: 1,
      threshold: 0,
    },
  ];
}

function driftAlarms<N>({
  name: cluster,
  id,
  sweepSeconds,
  leakedThreshold,
}: WatchedCluster<N>): Alarm<N>[] {
  const atSweeps = { statistic: 'Maximum', periodSeconds: sweepSeconds, found: true } as const;
  return [
    {
      name: `addresses-missing-${cluster}`,
      logicalId: `AddressesMissing${id}Alarm`,
      section: 'addresses-missing',
      means: `Two of three sweeps found addresses of pods of ${cluster} that are on no ENI.`,
      metric: custom('sweep', 'DriftMissing', cluster),
      periods: 2,
      threshold: 0,
      ...atSweeps,
    },
    {
      name: `addresses-leaked-${cluster}`,
      logicalId: `AddressesLeaked${id}Alarm`,
      section: 'addresses-leaked',
      means: `ENIs of ${cluster} keep addresses that no pod claims, and fill up.`,
      metric: custom('sweep', 'DriftLeaked', cluster),
      periods: 2,
      threshold: leakedThreshold,
      ...atSweeps,
    },
    {
      name: `enis-full-${cluster}`,
      logicalId: `EnisFull${id}Alarm`,
      section: 'enis-full',
      means: `Pods of ${cluster} are on ENIs that have no room for their addresses.`,
      metric: custom('sweep', 'DriftFull', cluster),
      periods: 1,
      threshold: 0,
      ...atSweeps,
    },
    {
      name: `pods-not-attached-${cluster}`,
      logicalId: `PodsNotAttached${id}Alarm`,
      section: 'pods-not-attached',
      means: `Pods of ${cluster} run without a network that they asked Multus for.`,
      metric: custom('sweep', 'PodsNotAttached', cluster),
      periods: 1,
      threshold: 0,
      ...atSweeps,
    },
    {
      name: `networks-unreadable-${cluster}`,
      logicalId: `NetworksUnreadable${id}Alarm`,
      section: 'networks-unreadable',
      means: `NetworkAttachmentDefinitions of ${cluster} cannot be read: their floating addresses are not assigned.`,
      metric: custom('sweep', 'NetworksUnreadable', cluster),
      periods: 2,
      threshold: 0,
      ...atSweeps,
    },
    {
      name: `large-objects-${cluster}`,
      logicalId: `LargeObjects${id}Alarm`,
      section: 'large-objects',
      means: `Pods or NetworkAttachmentDefinitions of ${cluster} are so large that reading them takes time.`,
      metric: custom('sweep', 'LargeObjects', cluster),
      periods: 2,
      threshold: 0,
      ...atSweeps,
    },
  ];
}

function stopAlarms<N>({ name: cluster, id }: WatchedCluster<N>): Alarm<N>[] {
  return [
    {
      name: `cluster-stopped-${cluster}`,
      logicalId: `ClusterStopped${id}Alarm`,
      section: 'cluster-stopped',
      means: `For an hour an operator's stop has been in force in ${cluster}: addresses wait.`,
      metric: custom('sweep', 'ClusterStopped', cluster),
      statistic: 'Maximum',
      // A sweep an hour at least.
      periodSeconds: 3_600,
      periods: 2,
      threshold: 0,
    },
  ];
}

function silenceAlarms<N>({ name: cluster, id, sweepSeconds }: WatchedCluster<N>): Alarm<N>[] {
  return [
    {
      name: `cluster-not-swept-${cluster}`,
      logicalId: `ClusterNotSwept${id}Alarm`,
      section: 'cluster-not-swept',
      means: `No sweep of ${cluster} was completed: it cannot be read, or the sweep does not run.`,
      metric: custom('sweep', 'SweepCompleted', cluster),
      statistic: 'Sum',
      periodSeconds: sweepSeconds,
      periods: 3,
      threshold: 1,
      silent: true,
    },
    {
      name: `forwarder-silent-${cluster}`,
      logicalId: `ForwarderSilent${id}Alarm`,
      section: 'forwarder-silent',
      means: `The forwarder of ${cluster} sends nothing: changes of pods wait for a sweep.`,
      metric: custom('reconcile', 'ForwarderHeartbeat', cluster),
      statistic: 'Sum',
      periodSeconds: 60,
      // A heartbeat a minute, each of which may wait in the queue.
      periods: 5,
      threshold: 1,
      silent: true,
    },
  ];
}
