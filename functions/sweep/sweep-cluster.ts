import type { UnreadableNetwork } from '../../shared/claims/net-attach-def.ts';
import { type Drift, driftOf, foundIn, hasUntold } from '../../shared/drift/drift.ts';
import { driftsOf } from '../../shared/drift/drifts.ts';
import { nodeMessage } from '../../shared/messages/build.ts';
import type { SendMessages } from '../../shared/messages/queue.ts';
import type { NodeMessage } from '../../shared/messages/schema.ts';
import { plan } from '../../shared/plan/plan.ts';
import type { ClusterAccess } from '../../shared/state/cluster-access.ts';
import {
  type ClusterListing,
  clusterStateOf,
  listCluster,
  withEnis,
} from '../../shared/state/cluster-state.ts';
import type { NodeState } from '../../shared/state/node-state.ts';
import { type SeenEnis, seenBy, seenEnis } from '../../shared/state/seen-enis.ts';
import { inTurns } from '../../shared/time/in-turns.ts';
import { advertiseRoom } from '../advertise-room.ts';
import { auditPoolsOf, readPools, type SweptPools } from './audit-pools.ts';
import { forgetLedgers } from './forget-ledgers.ts';
import { measureRoom, type SweptRoom } from './measure-room.ts';
import { tellLarge } from './tell-large.ts';
import { tellUnreadable } from './tell-unreadable.ts';

/** What a sweep found in one cluster. */
export interface Swept {
  readonly cluster: string;
  readonly nodes: number;
  /** The nodes with any drift, reported or to be reconciled. */
  readonly drifting: readonly Drift[];
  readonly messages: number;
  readonly unreadable: readonly UnreadableNetwork[];
  /** Mi characters of large objects. */
  readonly large: number;
  readonly room: SweptRoom;
  readonly pools: SweptPools;
}

/**
 * Compares all nodes of one cluster with what their pods claim, and sends one message for each
 * that a reconcile would change. Tells of the networks that cannot be read, and compares what
 * whereabouts keeps for pods. Writes nothing to EC2.
 *
 * @param all all managed ENIs of the account and region, and when they were asked for, ms since the epoch.
 * @throws what EC2, the API server and SQS throw.
 */
export async function sweepCluster(
  access: ClusterAccess,
  { enis: all, readAt }: { readonly enis: SeenEnis; readonly readAt: number },
  send: SendMessages,
  signal?: AbortSignal,
): Promise<Swept> {
  const { cluster, isOurs, policy } = access;
  const managed = seenBy(cluster, all);
  const pools = await readPools(access, signal);
  const listing = await listCluster(access, readAt, signal);
  const state = await clusterStateOf(access, listing, managed, signal);
  const view = { cluster, isOurs, policy, state, enis: managed };
  const nodes = [...state.states.values()];
  const suspected = nodes.filter((node) => {
    const drift = driftOf(view, node);
    return isNoted(drift) || drift.ignored > 0;
  });

  // Read anew, with the ENIs that lack the tag: they may decide which ENI a claim means.
  const instanceIds = suspected.map(({ instanceId }) => instanceId);
  const enis = seenEnis(await access.ec2.inventory.ofInstances(instanceIds, signal));
  const looked = await Promise.all(suspected.map((node) => withEnis(access, node, enis, signal)));
  const weighed = await driftsOf(access, view, looked, signal);
  const drifting = weighed.nodes.map(({ drift }) => drift).filter(isNoted);

  const messageTo = (node: string, instanceId?: string): NodeMessage =>
    nodeMessage(cluster, node, 'sweep', access.clock.now(), { instanceId });
  const outside = [...state.outsideEc2].filter(([, pods]) => hasUntold(pods));
  const messages = [
    ...drifting
      .filter(({ toReconcile }) => toReconcile)
      .toSorted((a, b) => turnOf(a) - turnOf(b))
      .map(({ node, instanceId }) => messageTo(node, instanceId)),
    ...outside.map(([node]) => messageTo(node)),
  ];
  await send(messages, signal);
  tellUnusable(access, listing);
  await forgetLedgers(access, listing, all.has, signal);
  const { unreadable } = state.networks;
  await tellUnreadable(access, unreadable, signal);
  if (access.advertisesRoom) await advertiseAll(access, nodes, signal);
  return {
    cluster,
    nodes: nodes.length,
    drifting,
    messages: messages.length,
    unreadable,
    large: tellLarge(access, listing),
    room: measureRoom(nodes),
    pools: await auditPoolsOf(access, pools, { ...listing, nodes }, signal),
  };
}

/** Without the ledgers nothing is released: the operator has to hear of it (docs/design.md, rule L15). */
function tellUnusable(
  { cluster, telemetry }: ClusterAccess,
  { ledgers }: Pick<ClusterListing, 'ledgers'>,
): void {
  if (ledgers.kind === 'ledgers') return;
  const { detail, why } = ledgers;
  const text = 'the ENILedgers cannot be read: nothing is released in the cluster';
  telemetry.warn(text, { cluster }, { detail, why });
  telemetry.metric('LedgerUnusable', cluster, 1);
}

/** Also of nodes about which nothing is heard: one that is new, one that gets another ENI. */
async function advertiseAll(
  access: ClusterAccess,
  nodes: readonly NodeState[],
  signal?: AbortSignal,
): Promise<void> {
  const { isOurs, policy } = access;
  const { unassigns } = policy;
  await inTurns(nodes, (node) =>
    advertiseRoom(access, node, plan(node, { unassigns, isOurs }).verdicts, signal),
  );
}

/** The queue is served in the order in which it was filled: pods wait for addresses, and nobody for releases. */
function turnOf(drift: Drift): number {
  const { missing, leaked } = foundIn(drift);
  if (missing.length > 0) return 0;
  return leaked.length > 0 ? 2 : 1;
}

function isNoted(drift: Drift): boolean {
  const found: readonly (readonly unknown[])[] = Object.values(foundIn(drift));
  return drift.toReconcile || found.some((list) => list.length > 0);
}
