import { roomPatch } from '../shared/cluster/room-resources.ts';
import { roomOfNode } from '../shared/plan/room.ts';
import type { Verdict } from '../shared/plan/verdict.ts';
import type { ClusterAccess } from '../shared/state/cluster-access.ts';
import type { NodeState } from '../shared/state/node-state.ts';

/**
 * Has a Node say how much room its ENIs have, if the cluster is configured to. It writes nothing if the
 * Node says so already. What cannot be written is logged, and the next sweep tries again: no address
 * depends on it.
 *
 * @throws the signal's reason.
 */
export async function advertiseRoom(
  { advertisesRoom, cluster, kubernetes, policy, telemetry }: ClusterAccess,
  state: NodeState,
  verdicts: readonly Verdict[],
  signal?: AbortSignal,
): Promise<void> {
  const { advertised, node, nodeUid } = state;
  if (!advertisesRoom || !policy.writes || advertised === undefined) return;
  const room = roomOfNode(state, verdicts);
  const operations = room === undefined ? [] : roomPatch(advertised, room);
  if (operations.length === 0) return;
  try {
    await kubernetes.patchNodeStatus({ name: node, uid: nodeUid }, operations, signal);
  } catch (error) {
    if (signal?.aborted) throw error;
    telemetry.error('the room of a node cannot be advertised', { cluster, node }, error);
  }
}
