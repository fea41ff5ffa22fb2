import { randomUUID } from 'node:crypto';
import type { Sent } from './deduplication.ts';
import type { Outgoing, StoredMessage } from './message.ts';
import type { QueueSettings } from './queue-attributes.ts';
import { messageIdOf, receiptHandle } from './receipt-handle.ts';

/** What is in a queue. */
export interface Contents {
  readonly arn: string;
  /** Asked at every step, since attributes change. */
  readonly settings: () => QueueSettings;
  readonly nextSequenceNumber: () => string;
  stored: StoredMessage[];
  /** How often a message was handed out. */
  receives: number;
}

export interface FifoIds {
  readonly groupId: string;
  readonly deduplicationId: string;
}

export function emptyContents(arn: string, settings: () => QueueSettings): Contents {
  return { arn, settings, nextSequenceNumber: sequenceNumbers(), stored: [], receives: 0 };
}

/** The messages that are not past the queue's retention; the others are dropped. */
export function withoutExpired(contents: Contents, now: number): StoredMessage[] {
  const { retentionMs } = contents.settings();
  const isKept = (message: StoredMessage): boolean => message.sentAt + retentionMs > now;
  if (!contents.stored.every(isKept)) contents.stored = contents.stored.filter(isKept);
  return contents.stored;
}

/** Takes messages out. */
export function takeOut(contents: Contents, messages: readonly StoredMessage[]): void {
  if (messages.length === 0) return;
  contents.stored = contents.stored.filter((message) => !messages.includes(message));
}

/** Puts a new message at the end. */
export function append(contents: Contents, now: number, message: Outgoing, ids?: FifoIds): Sent {
  const { fifo, delayMs } = contents.settings();
  const delayed = message.delaySeconds === undefined ? delayMs : message.delaySeconds * 1000;
  const added: StoredMessage = {
    id: randomUUID(),
    body: message.body,
    attributes: message.attributes,
    groupId: ids?.groupId ?? message.groupId,
    deduplicationId: ids?.deduplicationId,
    sequenceNumber: fifo ? contents.nextSequenceNumber() : undefined,
    sentAt: now,
    deadLetterSourceArn: undefined,
    visibleAt: now + delayed,
    receiveCount: 0,
    firstReceivedAt: undefined,
    receipt: undefined,
  };
  contents.stored.push(added);
  return { messageId: added.id, sequenceNumber: added.sequenceNumber };
}

/** Hands messages out, each under a new handle and invisible until `visibleAt`. */
export function deliver(
  contents: Contents,
  now: number,
  messages: readonly StoredMessage[],
  visibleAt: number,
): void {
  for (const message of messages) {
    message.receiveCount += 1;
    message.firstReceivedAt ??= now;
    message.visibleAt = visibleAt;
    contents.receives += 1;
    const handle = receiptHandle(contents.arn, message.id, contents.receives);
    message.receipt = { handle, receivedAt: now };
  }
}

/** The message that the handle is for; absent if it has left the queue. */
export function find(contents: Contents, now: number, handle: string): StoredMessage | undefined {
  const id = messageIdOf(handle, contents.arn);
  return withoutExpired(contents, now).find((message) => message.id === id);
}

export function countsOf(contents: Contents, now: number) {
  const all = withoutExpired(contents, now);
  const invisible = all.filter((message) => message.visibleAt > now);
  const inFlight = invisible.filter((message) => message.receipt !== undefined).length;
  return {
    visible: all.length - invisible.length,
    inFlight,
    delayed: invisible.length - inFlight,
  };
}

/** When the next invisible message becomes visible. */
export function nextVisibleAt(contents: Contents, now: number): number | undefined {
  let next: number | undefined;
  for (const { visibleAt } of withoutExpired(contents, now)) {
    if (visibleAt > now && (next === undefined || visibleAt < next)) next = visibleAt;
  }
  return next;
}

/** 20 digits that grow and have gaps, as those of SQS. */
function sequenceNumbers(): () => string {
  let last = 18_849_496_460_467_696_128n;
  return () => {
    last += 256n;
    return String(last);
  };
}
