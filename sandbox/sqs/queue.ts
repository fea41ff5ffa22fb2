import {
  append,
  type Contents,
  countsOf,
  deliver,
  emptyContents,
  find,
  nextVisibleAt,
  takeOut,
  withoutExpired,
} from './contents.ts';
import { deduplication, deduplicationKey, fifoIds, type Sent } from './deduplication.ts';
import { assertRange, invalidValue, SqsError } from './errors.ts';
import { assertMessage, type Outgoing, type StoredMessage } from './message.ts';
import { assertId, type QueueSettings } from './queue-attributes.ts';
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
  const contents = emptyContents(arn, settings);
  const sent = deduplication();
  const attempts = receiveAttempts((message) => contents.stored.includes(message));
  let purgedAt = Number.NEGATIVE_INFINITY;

  return {
    arn,
    send(now, message) {
      assertMessage(message, settings().maximumMessageBytes);
      if (settings().fifo) return sendFifo(contents, sent, now, message);
      if (message.deduplicationId !== undefined) {
        throw notForThisType('MessageDeduplicationId', message.deduplicationId);
      }
      assertRange('DelaySeconds', message.delaySeconds, 0, 900);
      return append(contents, now, message);
    },
    receive: (now, options) => receive(contents, attempts, now, options),
    remove: (now, handle) => remove(contents, now, handle),
    changeVisibility: (now, handle, seconds) => changeVisibility(contents, now, handle, seconds),
    purge(now) {
      if (purgedAt + PURGE_INTERVAL_MS > now) {
        const text = 'Only one PurgeQueue operation is allowed every 60 seconds.';
        throw new SqsError('PurgeQueueInProgress', text);
      }
      purgedAt = now;
      contents.stored = [];
    },
    accept: (now, message) => accept(contents, now, message),
    takeVisible(now) {
      const all = withoutExpired(contents, now);
      const visible = all.filter((message) => message.visibleAt <= now);
      takeOut(contents, visible);
      return visible;
    },
    messages: (now) => withoutExpired(contents, now).map((message) => ({ ...message })),
    counts: (now) => countsOf(contents, now),
    nextVisibleAt: (now) => nextVisibleAt(contents, now),
  };
}

function sendFifo(
  contents: Contents,
  sent: ReturnType<typeof deduplication>,
  now: number,
  message: Outgoing,
): Sent {
  // Other than for a queue, a delay of one message is refused.
  if (message.delaySeconds) throw notForThisType('DelaySeconds', message.delaySeconds);
  const ids = fifoIds(message, contents.settings());
  const key = deduplicationKey(ids, contents.settings());
  const earlier = sent.earlier(now, key);
  if (earlier !== undefined) return earlier;
  const added = append(contents, now, { ...message, delaySeconds: undefined }, ids);
  sent.remember(now, key, added);
  return added;
}

function receive(
  contents: Contents,
  attempts: ReturnType<typeof receiveAttempts>,
  now: number,
  { max, visibilitySeconds, attemptId, deadLetters }: ReceiveOptions,
): readonly StoredMessage[] {
  const { fifo, visibilityTimeoutMs, redrive } = contents.settings();
  assertRange('MaxNumberOfMessages', max, 1, 10);
  assertRange('VisibilityTimeout', visibilitySeconds, 0, MAX_VISIBILITY_SECONDS);
  if (attemptId !== undefined) {
    if (!fifo) throw notForThisType('ReceiveRequestAttemptId', attemptId);
    assertId('ReceiveRequestAttemptId', attemptId);
  }
  const timeoutMs =
    visibilitySeconds === undefined ? visibilityTimeoutMs : visibilitySeconds * 1000;
  const visibleAt = now + timeoutMs;
  const repeated = attemptId === undefined ? undefined : attempts.repeat(now, attemptId, visibleAt);
  if (repeated !== undefined) return repeated;

  const maxReceiveCount = deadLetters === undefined ? undefined : redrive?.maxReceiveCount;
  const found = select(withoutExpired(contents, now), {
    now,
    fifo,
    max,
    maxReceiveCount: maxReceiveCount ?? Number.POSITIVE_INFINITY,
  });
  takeOut(contents, found.exhausted);
  for (const message of found.exhausted) {
    deadLetters?.accept(now, { ...message, deadLetterSourceArn: contents.arn });
  }
  deliver(contents, now, found.deliver, visibleAt);
  if (attemptId !== undefined) attempts.remember(now, attemptId, found.deliver);
  return found.deliver;
}

function remove(contents: Contents, now: number, handle: string): void {
  const message = find(contents, now, handle);
  if (message === undefined) return;
  if (contents.settings().fifo && !isCurrent(now, message, handle)) throw expired(handle);
  // A standard queue answers with success to an old handle and may keep the message.
  if (message.receipt?.handle !== handle) return;
  takeOut(contents, [message]);
}

function changeVisibility(contents: Contents, now: number, handle: string, seconds: number): void {
  assertRange('VisibilityTimeout', seconds, 0, MAX_VISIBILITY_SECONDS);
  const message = find(contents, now, handle);
  if (message === undefined) {
    const reason = 'Message does not exist or is not available for visibility timeout change.';
    throw invalidValue('ReceiptHandle', handle, reason);
  }
  if (!isCurrent(now, message, handle)) {
    if (contents.settings().fifo) throw expired(handle);
    throw new SqsError('MessageNotInflight', 'The message referred to is not in flight.');
  }
  const visibleAt = now + seconds * 1000;
  if (visibleAt > (message.receipt?.receivedAt ?? now) + MAX_IN_FLIGHT_MS) {
    const reason = `Total VisibilityTimeout for the message is beyond the limit [${MAX_VISIBILITY_SECONDS} seconds]`;
    throw invalidValue('VisibilityTimeout', seconds, reason);
  }
  message.visibleAt = visibleAt;
}

function accept(contents: Contents, now: number, message: StoredMessage): void {
  const { fifo } = contents.settings();
  contents.stored.push({
    ...message,
    // "For FIFO queues, the enqueue timestamp resets when the message is moved to a
    // dead-letter queue"; for standard ones it is unchanged.
    sentAt: fifo ? now : message.sentAt,
    sequenceNumber: fifo ? contents.nextSequenceNumber() : undefined,
    visibleAt: now,
    receipt: undefined,
  });
}

function isCurrent(now: number, message: StoredMessage, handle: string): boolean {
  return message.receipt?.handle === handle && message.visibleAt > now;
}

function expired(handle: string): SqsError {
  return invalidValue('ReceiptHandle', handle, 'The receipt handle has expired.');
}

function notForThisType(parameter: string, value: unknown): SqsError {
  const reason = 'The request include parameter that is not valid for this queue type.';
  return invalidValue(parameter, value, reason);
}
