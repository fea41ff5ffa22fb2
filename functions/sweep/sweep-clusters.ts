import { type Drift, type Found, foundIn } from '../../shared/drift/drift.ts';
import type { Foreign } from '../../shared/plan/verdict.ts';
import type { ClusterAccess } from '../../shared/state/cluster-access.ts';
import { seenEnis } from '../../shared/state/seen-enis.ts';
import { ALL_CLUSTERS, type Telemetry } from '../../shared/telemetry.ts';
import { withTaskDeadline } from '../../shared/time/task-deadline.ts';
import type { Context } from '../context.ts';
import type { SweptPools } from './audit-pools.ts';
import { type Swept, sweepCluster } from './sweep-cluster.ts';

export type SweepContext = Omit<Context, 'admission' | 'brake' | 'sqs'>;

type SweepOutcome = Swept | { readonly cluster: string; readonly failed: string };

/**
 * Sweeps clusters side by side; one that cannot be reached does not stop the others. On a schedule it
 * is one alone, so that none has a share in another's time and memory.
 *
 * @param names those that are to be swept.
 * @param deadlineMs how long all of it may take, in milliseconds.
 * @throws an Error if the ENIs cannot be read, because then no cluster was swept.
 */
export async function sweepClusters(
  context: SweepContext,
  names: readonly string[],
  deadlineMs: number,
): Promise<void> {
  const { clock, clusters, sendTo, telemetry } = context;
  const begun = clock.now();
  const managed = await withTaskDeadline(clock, deadlineMs, 'reading the ENIs', (signal) =>
    context.inventory.managed(signal),
  );
  const leftMs = Math.max(1, deadlineMs - (clock.now() - begun));
  const seen = seenEnis(managed);
  const outcomes = await Promise.all(
    names.map(async (cluster): Promise<SweepOutcome> => {
      try {
        const what = `cluster ${cluster}: sweep`;
        return await withTaskDeadline(clock, leftMs, what, async (signal) => {
          const { config, queueUrl } = await clusters.named(cluster);
          const access = await allowed(context, await context.accessTo(config));
          return sweepCluster(access, { enis: seen, readAt: begun }, sendTo(queueUrl), signal);
        });
      } catch (error) {
        telemetry.error('a cluster was not swept', { cluster }, error);
        return { cluster, failed: error instanceof Error ? error.message : String(error) };
      }
    }),
  );
  for (const outcome of outcomes) measure(telemetry, outcome);
  telemetry.info('swept', {}, { managedEnis: managed.length, clusters: outcomes.map(summary) });
}

/**
 * The access with what an operator allows now.
 *
 * @throws an Error if another stage serves the cluster.
 */
async function allowed(
  { controls, telemetry }: SweepContext,
  access: ClusterAccess,
): Promise<ClusterAccess> {
  const { cluster } = access;
  const policy = await controls.policyOf(cluster, access.policy);
  const other = controls.otherOwner(cluster);
  if (other !== undefined) {
    throw new Error(
      `stage ${other} serves cluster ${cluster}: this one does nothing there. Take the cluster out of one of them`,
    );
  }
  if (policy !== access.policy) telemetry.metric('ClusterStopped', cluster, 1);
  return { ...access, policy };
}

function measure(telemetry: Telemetry, outcome: SweepOutcome): void {
  const { cluster } = outcome;
  if ('failed' in outcome) {
    telemetry.metric('SweepFailed', cluster, 1);
    return;
  }
  const counts = countsOf(outcome);
  telemetry.metric('SweepCompleted', cluster, 1);
  const found = [
    ['DriftMissing', counts.missing],
    ['DriftLeaked', counts.leaked],
    ['DriftForeign', counts.foreign],
    ['DriftConflicting', counts.conflicting],
    ['DriftFull', counts.full],
    ['PodsNotAttached', counts.notAttached],
    ['NetworksUnreadable', outcome.unreadable.length],
    ['LargeObjects', outcome.large],
    ['ReservationsWrong', wrongIn(outcome.pools)],
  ] as const;
  // CloudWatch charges for a metric in each hour that has a value of it: none stands for zero.
  for (const [name, value] of found) if (value > 0) telemetry.metric(name, cluster, value);
  // One for all clusters: of each it would be charged all the time.
  const { fullest } = outcome.room;
  if (fullest !== undefined) telemetry.metric('FullestEni', ALL_CLUSTERS, fullest);
}

function wrongIn(pools: SweptPools): number {
  return 'notRead' in pools ? 0 : pools.stale + pools.double + pools.unreserved;
}

function countsOf({ drifting }: Swept) {
  const found = drifting.map(foundIn);
  const total = (kind: keyof Found): number =>
    found.reduce((sum, each) => sum + each[kind].length, 0);
  return {
    missing: total('missing'),
    leaked: total('leaked'),
    foreign: total('foreign'),
    conflicting: total('conflicting'),
    full: total('full'),
    notAttached: total('notAttached'),
  };
}

/** A log line holds 256 KiB at most; what is foreign rarely counts more than a handful. */
const LISTED = 50;

function summary(outcome: SweepOutcome): Readonly<Record<string, unknown>> {
  if ('failed' in outcome) return outcome;
  const { cluster, nodes, drifting, messages, unreadable, pools, room } = outcome;
  const foreign = drifting.flatMap((drift) =>
    foundIn(drift).foreign.map((entry) => foreignText(drift, entry)),
  );
  return {
    cluster,
    nodes,
    messages,
    ...countsOf(outcome),
    unreadableNetworks: unreadable.length,
    foreignAddresses: foreign.slice(0, LISTED),
    whereabouts: pools,
    room,
  };
}

/** A foreign address, with what the operator can do if it is not to stay. */
function foreignText({ node }: Drift, { address, eniId }: Foreign): string {
  return `${address} on ${eniId} (${node}): to have it released, multus-eni ledger adopt ${eniId} ${address}`;
}
