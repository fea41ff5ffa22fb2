import { nodeMessage } from '../../shared/messages/build.ts';
import type { LetGo, NodeMessage, PodEvent } from '../../shared/messages/schema.ts';

/** What a node is to hear of. */
export interface News {
  readonly node: string;
  /** What happened to a pod of its own. */
  readonly pod?: PodEvent;
  /** What pods of other nodes let go of and its own claim. */
  readonly letGo?: readonly LetGo[];
  /** What its own pods claim, and pods of other nodes too. */
  readonly contested?: readonly string[];
  /** It may be told with what follows. */
  readonly mayWait?: true;
  /** The uid of the pod of another node whose change is the reason. */
  readonly cause?: string;
}

/** The news of one node: each pod once, what was let go by where and when, and what is contested. */
export interface Batch {
  readonly pods: Map<string, PodEvent>;
  readonly letGo: Map<string, Omit<LetGo, 'ips'> & { readonly ips: Set<string> }>;
  readonly contested: Set<string>;
}

/** The news of one node as a batch. */
export function batchOf(news: Iterable<News>): Batch {
  const batch: Batch = { pods: new Map(), letGo: new Map(), contested: new Set() };
  for (const each of news) addTo(batch, each);
  return batch;
}

/** Several events of one pod become one that names every address that any of them named. */
export function addTo(batch: Batch, { pod, letGo = [], contested = [] }: Omit<News, 'node'>): void {
  if (pod !== undefined) batch.pods.set(pod.uid, merged(batch.pods.get(pod.uid), pod));
  for (const entry of letGo) {
    const key = `${entry.node} ${entry.observedAt}`;
    const known = batch.letGo.get(key) ?? { ...entry, ips: new Set() };
    batch.letGo.set(key, known);
    for (const ip of entry.ips) known.ips.add(ip);
  }
  for (const ip of contested) batch.contested.add(ip);
}

/** Adds all that another batch of the same node has. */
export function addAll(batch: Batch, { pods, letGo, contested }: Batch): void {
  for (const pod of pods.values()) addTo(batch, { pod });
  for (const entry of letGo.values()) addTo(batch, { letGo: [{ ...entry, ips: [...entry.ips] }] });
  addTo(batch, { contested: [...contested] });
}

/**
 * A message of reason `pods`.
 *
 * @param at when the oldest of the pods' events was seen, ms since the epoch: addresses that
 *   a message names are released outside ranges for a limited time from then on, so
 *   the oldest is the safe one.
 */
export function podsMessage(
  cluster: string,
  node: string,
  at: number,
  { pods, letGo, contested }: Batch,
): NodeMessage {
  const letGoOf = [...letGo.values()].map((entry) => ({ ...entry, ips: [...entry.ips] }));
  return nodeMessage(cluster, node, 'pods', at, {
    pods: [...pods.values()],
    ...(letGoOf.length === 0 ? {} : { letGo: letGoOf }),
    ...(contested.size === 0 ? {} : { contested: [...contested] }),
  });
}

function merged(earlier: PodEvent | undefined, later: PodEvent): PodEvent {
  if (earlier === undefined) return later;
  const ips = [...new Set([...earlier.ips, ...later.ips])];
  const event = later.event === 'delete' || later.event === earlier.event ? later.event : 'update';
  const inferred = earlier.inferred ?? later.inferred;
  return { ...later, event, ips, ...(inferred && { inferred }) };
}
