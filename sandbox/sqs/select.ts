import type { StoredMessage } from './message.ts';

export interface Selection {
  readonly deliver: readonly StoredMessage[];
  /** Received as often as the redrive policy allows: this receive would exceed it. */
  readonly exhausted: readonly StoredMessage[];
}

/**
 * Which messages a receive finds. In a FIFO queue a group with an invisible message
 * gives nothing; of the others the one that waits longest gives as many as it
 * has, in order, and only then the next.
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
  const groupOf = (message: StoredMessage) =>
    options.fifo ? (message.groupId ?? message.id) : message.id;
  const visible = (message: StoredMessage) => message.visibleAt <= options.now;
  const blocked = new Set(messages.filter((message) => !visible(message)).map(groupOf));
  const open = messages.filter((message) => !blocked.has(groupOf(message)));

  const deliver: StoredMessage[] = [];
  const exhausted: StoredMessage[] = [];
  for (const message of [...Map.groupBy(open, groupOf).values()].flat()) {
    if (deliver.length === options.max) break;
    if (message.receiveCount >= options.maxReceiveCount) exhausted.push(message);
    else deliver.push(message);
  }
  return { deliver, exhausted };
}
