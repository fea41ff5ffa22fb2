import { nodeGroup } from '../../shared/messages/group.ts';
import type { NodeMessage, PodEvent } from '../../shared/messages/schema.ts';
import type { Stage, Worker } from './stage.ts';

/** A message about a worker, observed now unless it says otherwise. */
export function messageFor(worker: Worker, more: Partial<NodeMessage> = {}): NodeMessage {
  return {
    version: 1,
    cluster: worker.cluster,
    node: worker.name,
    reason: 'pods',
    observedAt: new Date().toISOString(),
    pods: [],
    ...more,
  };
}

/** What a forwarder tells of one pod of the namespace `default`. */
export function podEvent(event: PodEvent['event'], name: string, ips: string[] = []): PodEvent {
  return { event, namespace: 'default', name, uid: `uid-of-${name}`, ips };
}

/** Sends messages about a worker in order, and waits until all of them are done. */
export async function deliver(
  { queue }: Stage,
  worker: Worker,
  messages: readonly NodeMessage[],
): Promise<void> {
  const bodies = messages.map((message) => JSON.stringify(message));
  const ids = await queue.send(nodeGroup(worker.cluster, worker.name), bodies);
  for (const id of ids) await queue.done(id);
}
