import { randomUUID } from 'node:crypto';
import { deduplication, deduplicationKey, fifoIds, type Sent } from './deduplication.ts';
import { assertRange, invalidValue, SqsError } from './errors.ts';
import { assertMessage, type Outgoing, type StoredMessage } from './message.ts';
import { assertId, type QueueSettings } from './queue-attributes.ts';
import { messageIdOf, receiptHandle } from './receipt-handle.ts';
import { receiveAttempts } from './receive-attempts.ts';
import { select } from './select.ts';

/** "There is a 12-hour maximum", counted from the receive. */
const MAX_IN_FLIGHT_MS = 12 * 3_600_000;
const MAX_VISIBILITY_SECONDS = 43_200;
const PURGE_INTERVAL_MS = 60_000;

export interface ReceiveOptions {
  readonly max: number;
  readonly visibilitySeconds?: number | undefined;
  readonly attemptId?: string | undefined;
  /** Where messages go that were received too often; absent without a redrive policy. */
  readonly deadLetters?: Queue | undefined;
}

export interface Counts {
  readonly visible: number;
  readonly inFlight: number;
  readonly delayed: number;
}

/** One queue: what is in it and what may happen to it. `now` is ms since the epoch. */
export interface Queue {
  readonly arn: string;
  /** @throws MissingParameter, InvalidParameterValue, InvalidMessageContents. */
  send(now: number, message: Outgoing): Sent;
  /** What can be had at once; does not wait. @throws InvalidParameterValue. */
  receive(now: number, options: ReceiveOptions): readonly StoredMessage[];
  /** @throws ReceiptHandleIsInvalid; InvalidParameterValue for an expired handle of a FIFO queue. */
  remove(now: number, handle: string): void;
  /** @throws ReceiptHandleIsInvalid, InvalidParameterValue, MessageNotInflight. */
  changeVisibility(now: number, handle: string, seconds: number): void;
  /** @throws PurgeQueueInProgress within 60 s of the last one. */
  purge(now: number): void;
  /** Puts a message of another queue at the end of this one. */
  accept(now: number, message: StoredMessage): void;
  /** Takes out what is visible, in order. */
  takeVisible(now: number): readonly StoredMessage[];
  messages(now: number): readonly Readonly<StoredMessage>[];
  counts(now: number): Counts;
  /** When the next invisible message becomes visible. */
  nextVisibleAt(now: number): number | undefined;
}

/** A queue under `arn`; `settings` is asked at every step, since attributes change. */
export function createQueue(arn: string, settings: () => QueueSettings): Queue {
  let stored: StoredMessage[] = [];
  let receives = 0;
  let purgedAt = Number.NEGATIVE_INFINITY;
  const sent = deduplication();
  const attempts = receiveAttempts((message) => stored.includes(message));
  const nextSequenceNumber = sequenceNumbers();

  const withoutExpired = (now: number): StoredMessage[] => {
    const { retentionMs } = settings();
    stored = stored.filter((message) => message.sentAt + retentionMs > now);
    return stored;
  };

  const deliver = (now: number, messages: readonly StoredMessage[], visibleAt: number): void => {
    for (const message of messages) {
      message.receiveCount += 1;
      message.firstReceivedAt ??= now;
      message.visibleAt = visibleAt;
      receives += 1;
      message.receipt = { handle: receiptHandle(arn, message.id, receives), receivedAt: now };
    }
  };

  const append = (now: number, message: Outgoing, ids?: FifoIds): Sent => {
    const { fifo, delayMs } = settings();
    const delayed = message.delaySeconds === undefined ? delayMs : message.delaySeconds * 1000;
    const added: StoredMessage = {
      id: randomUUID(),
      body: message.body,
      attributes: message.attributes,
      groupId: ids?.groupId ?? message.groupId,
      deduplicationId: ids?.deduplicationId,
      sequenceNumber: fifo ? nextSequenceNumber() : undefined,
      sentAt: now,
      deadLetterSourceArn: undefined,
      visibleAt: now + delayed,
      receiveCount: 0,
      firstReceivedAt: undefined,
      receipt: undefined,
    };
    stored.push(added);
    return { messageId: added.id, sequenceNumber: added.sequenceNumber };
  };

  const sendFifo = (now: number, message: Outgoing): Sent => {
    // Other than for a queue, a delay of one message is refused.
    if (message.delaySeconds) throw notForThisType('DelaySeconds', message.delaySeconds);
    const ids = fifoIds(message, settings());
    const key = deduplicationKey(ids, settings());
    const earlier = sent.earlier(now, key);
    if (earlier !== undefined) return earlier;
    const added = append(now, { ...message, delaySeconds: undefined }, ids);
    sent.remember(now, key, added);
    return added;
  };

  /** The message that the handle is for; absent where it has left the queue. */
  const find = (now: number, handle: string): StoredMessage | undefined => {
    const id = messageIdOf(handle, arn);
    return withoutExpired(now).find((message) => message.id === id);
  };
  const isCurrent = (now: number, message: StoredMessage, handle: string): boolean =>
    message.receipt?.handle === handle && message.visibleAt > now;

  return {
    arn,
    send(now, message) {
      assertMessage(message, settings().maximumMessageBytes);
      if (settings().fifo) return sendFifo(now, message);
      if (message.deduplicationId !== undefined) {
        throw notForThisType('MessageDeduplicationId', message.deduplicationId);
      }
      assertRange('DelaySeconds', message.delaySeconds, 0, 900);
      return append(now, message);
    },

    receive(now, { max, visibilitySeconds, attemptId, deadLetters }) {
      const { fifo, visibilityTimeoutMs, redrive } = settings();
      assertRange('MaxNumberOfMessages', max, 1, 10);
      assertRange('VisibilityTimeout', visibilitySeconds, 0, MAX_VISIBILITY_SECONDS);
      if (attemptId !== undefined) {
        if (!fifo) throw notForThisType('ReceiveRequestAttemptId', attemptId);
        assertId('ReceiveRequestAttemptId', attemptId);
      }
      const timeoutMs =
        visibilitySeconds === undefined ? visibilityTimeoutMs : visibilitySeconds * 1000;
      const visibleAt = now + timeoutMs;
      const repeated =
        attemptId === undefined ? undefined : attempts.repeat(now, attemptId, visibleAt);
      if (repeated !== undefined) return repeated;

      const maxReceiveCount = deadLetters === undefined ? undefined : redrive?.maxReceiveCount;
      const found = select(withoutExpired(now), {
        now,
        fifo,
        max,
        maxReceiveCount: maxReceiveCount ?? Number.POSITIVE_INFINITY,
      });
      stored = stored.filter((message) => !found.exhausted.includes(message));
      for (const message of found.exhausted) {
        deadLetters?.accept(now, { ...message, deadLetterSourceArn: arn });
      }
      deliver(now, found.deliver, visibleAt);
      if (attemptId !== undefined) attempts.remember(now, attemptId, found.deliver);
      return found.deliver;
    },

    remove(now, handle) {
      const message = find(now, handle);
      if (message === undefined) return;
      if (settings().fifo && !isCurrent(now, message, handle)) throw expired(handle);
      // A standard queue answers with success to an old handle and may keep the message.
      if (message.receipt?.handle !== handle) return;
      stored = stored.filter((other) => other !== message);
    },

    changeVisibility(now, handle, seconds) {
      assertRange('VisibilityTimeout', seconds, 0, MAX_VISIBILITY_SECONDS);
      const message = find(now, handle);
      if (message === undefined) {
        const reason = 'Message does not exist or is not available for visibility timeout change.';
        throw invalidValue('ReceiptHandle', handle, reason);
      }
      if (!isCurrent(now, message, handle)) {
        if (settings().fifo) throw expired(handle);
        throw new SqsError('MessageNotInflight', 'The message referred to is not in flight.');
      }
      const visibleAt = now + seconds * 1000;
      if (visibleAt > (message.receipt?.receivedAt ?? now) + MAX_IN_FLIGHT_MS) {
        const reason = `Total VisibilityTimeout for the message is beyond the limit [${MAX_VISIBILITY_SECONDS} seconds]`;
        throw invalidValue('VisibilityTimeout', seconds, reason);
      }
      message.visibleAt = visibleAt;
    },

    purge(now) {
      if (purgedAt + PURGE_INTERVAL_MS > now) {
        const text = 'Only one PurgeQueue operation is allowed every 60 seconds.';
        throw new SqsError('PurgeQueueInProgress', text);
      }
      purgedAt = now;
      stored = [];
    },

    accept(now, message) {
      const { fifo } = settings();
      stored.push({
        ...message,
        // "For FIFO queues, the enqueue timestamp resets when the message is moved to a
        // dead-letter queue"; for standard ones it is unchanged.
        sentAt: fifo ? now : message.sentAt,
        sequenceNumber: fifo ? nextSequenceNumber() : undefined,
        visibleAt: now,
        receipt: undefined,
      });
    },

    takeVisible(now) {
      const visible = withoutExpired(now).filter((message) => message.visibleAt <= now);
      stored = stored.filter((message) => !visible.includes(message));
      return visible;
    },

    messages: (now) => withoutExpired(now).map((message) => ({ ...message })),

    counts(now) {
      const all = withoutExpired(now);
      const invisible = all.filter((message) => message.visibleAt > now);
      const inFlight = invisible.filter((message) => message.receipt !== undefined).length;
      return {
        visible: all.length - invisible.length,
        inFlight,
        delayed: invisible.length - inFlight,
      };
    },

    nextVisibleAt(now) {
      const times = withoutExpired(now).map((message) => message.visibleAt);
      const next = Math.min(...times.filter((time) => time > now));
      return Number.isFinite(next) ? next : undefined;
    },
  };
}

interface FifoIds {
  readonly groupId: string;
  readonly deduplicationId: string;
}

/** 20 digits that grow and have gaps, as those of SQS. */
function sequenceNumbers(): () => string {
  let last = 18_849_496_460_467_696_128n;
  return () => {
    last += 256n;
    return String(last);
  };
}

function expired(handle: string): SqsError {
  return invalidValue('ReceiptHandle', handle, 'The receipt handle has expired.');
}

function notForThisType(parameter: string, value: unknown): SqsError {
  const reason = 'The request include parameter that is not valid for this queue type.';
  return invalidValue(parameter, value, reason);
}
