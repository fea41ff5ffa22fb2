import { nodeGroup } from '../../shared/messages/group.ts';
import type { NodeMessage, PodEvent } from '../../shared/messages/schema.ts';
import type { Stage, Worker } from './stage.ts';

/** A message that asks for a look at `node-a` of `demo`, observed now, unless it says otherwise. */
export function nodeMessage(more: Partial<NodeMessage> = {}): NodeMessage {
  return {
    version: 1,
    cluster: 'demo',
    node: 'node-a',
    reason: 'resync',
    observedAt: new Date().toISOString(),
    pods: [],
    ...more,
  };
}

/** A message about the pods of a worker. */
export function messageFor(
  { cluster, name: node }: Pick<Worker, 'cluster' | 'name'>,
  more: Partial<NodeMessage> = {},
): NodeMessage {
  return nodeMessage({ cluster, node, reason: 'pods', ...more });
}

/** What a forwarder tells of one pod of the namespace `default`. */
export function podEvent(event: PodEvent['event'], name: string, ips: string[] = []): PodEvent {
  return { event, namespace: 'default', name, uid: `uid-of-${name}`, ips };
}

/** Sends messages about a worker in order, and waits until all of them are done. */
export async function deliver(
  { queue }: Pick<Stage, 'queue'>,
  worker: Worker,
  messages: readonly NodeMessage[],
): Promise<void> {
  const bodies = messages.map((message) => JSON.stringify(message));
  const ids = await queue.send(nodeGroup(worker.cluster, worker.name), bodies);
  for (const id of ids) await queue.done(id);
}
