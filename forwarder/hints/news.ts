import { MAX_ADDRESSES } from '../../shared/cluster/annotations.ts';
import { nodeMessage } from '../../shared/messages/build.ts';
import type { NodeMessage, PodEvent } from '../../shared/messages/schema.ts';
import type { Hint } from './pod-index.ts';

/** The news of one node: each pod once, and whether another may have what its pods claim. */
export interface Batch {
  readonly pods: Map<string, PodEvent>;
  lookFirst?: true;
}

/** The news of one node as a batch. */
export function batchOf(hints: Iterable<Hint>): Batch {
  const batch: Batch = { pods: new Map() };
  for (const hint of hints) addTo(batch, hint);
  return batch;
}

/** Several events of one pod become one that names every address that any of them named. */
export function addTo(batch: Batch, { pod, lookFirst }: Omit<Hint, 'node'>): void {
  if (pod !== undefined) batch.pods.set(pod.uid, merged(batch.pods.get(pod.uid), pod));
  if (lookFirst) batch.lookFirst = true;
}

/**
 * A message of reason `pods`.
 *
 * @param at when the oldest of the pods' events was seen, or let go if its namespace is over its bound
 *   (mailbox.ts), ms since the epoch. That a watch saw a claim end counts for a limited time from then on.
 */
export function podsMessage(
  cluster: string,
  node: string,
  at: number,
  { pods, lookFirst }: Batch,
): NodeMessage {
  return nodeMessage(cluster, node, 'pods', at, {
    pods: [...pods.values()],
    ...(lookFirst && { lookFirst }),
  });
}

function merged(earlier: PodEvent | undefined, later: PodEvent): PodEvent {
  if (earlier === undefined) return later;
  const all = [...new Set([...earlier.ips, ...later.ips])];
  // What more is named by a pod that changes again and again is its mischief; it counts as not seen to end.
  const ips = all.slice(-MAX_ADDRESSES);
  const ends = earlier.event === 'delete' || later.event === 'delete';
  const unlessEnds = later.event === earlier.event ? later.event : 'update';
  const event = ends ? 'delete' : unlessEnds;
  const inferred = earlier.inferred ?? later.inferred;
  return { ...later, event, ips, ...(inferred && { inferred }) };
}
