import { awaitsMultus } from '../../shared/claims/missed-networks.ts';
import type { Pod } from '../../shared/cluster/kubernetes.ts';
import { createNodeCounts } from './node-counts.ts';
import type { PodIndex } from './pod-index.ts';

/** An index that also knows the pods that Multus is about to attach: soon they claim something. */
export interface StartingIndex extends PodIndex {
  /** Whether a pod of the node is about to claim addresses. */
  starts(node: string): boolean;
}

export function withStarting(index: PodIndex): StartingIndex {
  const nodeOf = new Map<string, string>();
  const counts = createNodeCounts();
  const forget = (uid: string): void => {
    const node = nodeOf.get(uid);
    if (node !== undefined) counts.add(node, -1);
    nodeOf.delete(uid);
  };
  const note = (pod: Pod): void => {
    forget(pod.uid);
    const { uid, node } = pod;
    if (node === undefined || !awaitsMultus(pod)) return;
    nodeOf.set(uid, node);
    counts.add(node, 1);
  };
  return {
    ...index,
    put(pod) {
      note(pod);
      return index.put(pod);
    },
    remove(pod) {
      forget(pod.uid);
      return index.remove(pod);
    },
    retain(uids) {
      for (const uid of [...nodeOf.keys()]) if (!uids.has(uid)) forget(uid);
      return index.retain(uids);
    },
    starts: counts.any,
  };
}
