import { isDeepStrictEqual } from 'node:util';
import type { Pod } from '../cluster/kubernetes.ts';
import type { ClusterAccess } from '../state/cluster-access.ts';
import type { NodeState } from '../state/node-state.ts';
import type { Wanted } from './answers.ts';
import { StalePodsError } from './release.ts';

/**
 * Lists the node's pods anew. A take-over needs the claim of its own pod to be as fresh as those of the
 * holder's node. Calls on EC2, which may be throttled, lie between the two reads.
 *
 * @throws StalePodsError if one of those pods is gone or has changed: the caller reads again.
 */
export async function assertStillClaimed(
  access: ClusterAccess,
  state: NodeState,
  wanted: readonly Wanted[],
  signal?: AbortSignal,
): Promise<void> {
  const pods = await access.kubernetes.listPods({ node: state.node, signal });
  const now = new Map(pods.map((pod) => [pod.uid, pod]));
  const claims = wanted.flatMap(({ claim, rivals = [] }) => [claim, ...rivals]);
  for (const { pod } of claims) {
    const { namespace, name, uid } = pod;
    if (isSame(state.podObjects.get(uid), now.get(uid))) continue;
    throw new StalePodsError(`pod ${namespace}/${name} changed during the take-over for it`);
  }
}

function isSame(before: Pod | undefined, now: Pod | undefined): boolean {
  return (
    before?.terminating === now?.terminating &&
    before?.finished === now?.finished &&
    isDeepStrictEqual(before?.annotations, now?.annotations)
  );
}
