import type { StoredMessage } from './message.ts';

export interface Selection {
  readonly deliver: readonly StoredMessage[];
  /** Received as often as the redrive policy allows: this receive would exceed it. */
  readonly exhausted: readonly StoredMessage[];
}

/**
 * Which messages a receive finds. In a FIFO queue a group with an invisible message gives nothing.
 * Among the other groups, the one that waits longest gives first, in order, as many as it has. Then the
 * next one gives.
 * https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/FIFO-queues-understanding-logic.html
 *
 * @param messages of the queue, in the order in which they were sent.
 */
export function select(
  messages: readonly StoredMessage[],
  options: {
    readonly now: number;
    readonly fifo: boolean;
    readonly max: number;
    readonly maxReceiveCount: number;
  },
): Selection {
  const { now, fifo, max, maxReceiveCount } = options;
  const groupOf = (message: StoredMessage) => (fifo ? (message.groupId ?? message.id) : message.id);
  /** The groups that give nothing (more). */
  const closed = new Set<string>();
  for (const message of messages) if (message.visibleAt > now) closed.add(groupOf(message));

  const deliver: StoredMessage[] = [];
  const exhausted: StoredMessage[] = [];
  // Only as far as it takes: a queue may hold a flood.
  for (const [index, first] of messages.entries()) {
    if (deliver.length === max) break;
    const group = groupOf(first);
    if (closed.has(group)) continue;
    closed.add(group);
    for (const message of fifo ? messages.slice(index) : [first]) {
      if (deliver.length === max) break;
      if (groupOf(message) !== group) continue;
      if (message.receiveCount >= maxReceiveCount) exhausted.push(message);
      else deliver.push(message);
    }
  }
  return { deliver, exhausted };
}
