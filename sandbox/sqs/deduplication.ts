import { createHash } from 'node:crypto';
import { missing, SqsError } from './errors.ts';
import type { Outgoing } from './message.ts';
import { assertId, type QueueSettings } from './queue-attributes.ts';

/** "The deduplication interval is 5 minutes", counted from the first send, also after its delete. */
const INTERVAL_MS = 5 * 60_000;

export interface Sent {
  readonly messageId: string;
  readonly sequenceNumber: string | undefined;
}

/** The deduplication ids that a FIFO queue remembers. */
export interface Deduplication {
  /** The send that used this id within the interval. */
  earlier(now: number, key: string): Sent | undefined;
  remember(now: number, key: string, sent: Sent): void;
}

export function deduplication(): Deduplication {
  const remembered = new Map<string, { readonly at: number; readonly sent: Sent }>();
  return {
    earlier(now, key) {
      // In the order of their time, as a Map keeps it.
      for (const [old, { at }] of remembered) {
        if (at + INTERVAL_MS > now) break;
        remembered.delete(old);
      }
      return remembered.get(key)?.sent;
    },
    remember(now, key, sent) {
      remembered.set(key, { at: now, sent });
    },
  };
}

/**
 * The group and deduplication id of a message to a FIFO queue.
 *
 * @throws MissingParameter without a group. InvalidParameterValue for characters that SQS refuses, or
 * without an id if the queue makes none from the content.
 */
export function fifoIds(
  message: Outgoing,
  settings: QueueSettings,
): { readonly groupId: string; readonly deduplicationId: string } {
  const { groupId, deduplicationId } = message;
  if (groupId === undefined || groupId === '') throw missing('MessageGroupId');
  assertId('MessageGroupId', groupId);
  if (deduplicationId !== undefined) {
    assertId('MessageDeduplicationId', deduplicationId);
    return { groupId, deduplicationId };
  }
  if (settings.contentBasedDeduplication) {
    return { groupId, deduplicationId: createHash('sha256').update(message.body).digest('hex') };
  }
  throw new SqsError(
    'InvalidParameterValue',
    'The queue should either have ContentBasedDeduplication enabled or MessageDeduplicationId provided explicitly',
  );
}

/** What is unique for five minutes: the id in its queue, or the id in its group. */
export function deduplicationKey(
  ids: { readonly groupId: string; readonly deduplicationId: string },
  settings: QueueSettings,
): string {
  return settings.deduplicationScope === 'messageGroup'
    ? `${ids.groupId} ${ids.deduplicationId}`
    : ids.deduplicationId;
}
