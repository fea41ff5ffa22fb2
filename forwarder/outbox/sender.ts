import type { BatchRefusal } from '../../shared/messages/send-batch.ts';
import { pauseAfter } from '../../shared/time/back-off.ts';
import type { Clock, Random } from '../../shared/time/clock.ts';
import type { Backlog } from './backlog.ts';
import type { OutboxMessage } from './groups.ts';
import { createWakeUp } from './wake-up.ts';

const CALLS_AT_ONCE = 4;
/** In milliseconds. */
const BACK_OFF = { first: 100, most: 30_000, jitter: 0.5 };

/** Why SQS did not take one message of a batch. */
export type SendRefusal = Omit<BatchRefusal, 'detail'>;

/**
 * Sends up to ten messages in one call.
 *
 * @returns the messages that were refused.
 * @throws an Error if the call as a whole failed; then nobody knows whether it had an effect.
 */
export type SendBatch = (
  batch: readonly OutboxMessage[],
  signal: AbortSignal,
) => Promise<SendRefusal[]>;

/** What becomes of messages, for metrics and log. */
export interface SenderEvents {
  sent(messages: number): void;
  /** A call or a message failed; it will be sent again. */
  failed(reason: string, messages: number): void;
}

export interface Sender {
  /** Sends what is due, and the rest once it is due. */
  sendDue(): void;
  /** Gives up the calls under way and forgets what failed. */
  reset(): void;
}

interface SenderOptions {
  readonly clock: Clock;
  readonly random: Random;
  readonly backlog: Backlog;
  readonly send: SendBatch;
  readonly events: SenderEvents;
  /** SQS has taken something, or refused it for what it is. */
  readonly onProgress: () => void;
  /** A call has ended; more may be due. */
  readonly onCallEnded: () => void;
}

/** Empties a backlog, in a few calls at once; what fails is sent again, ever more slowly. */
export function createSender(options: SenderOptions): Sender {
  const { clock, backlog, send, events } = options;
  let calls = 0;
  let failedCalls = 0;
  let pausedUntil = 0;
  let abort = new AbortController();

  /** The call as a whole failed: nothing is sent for a while, as the next would fail alike. */
  const giveBack = (batch: readonly OutboxMessage[], error: unknown): void => {
    for (const { group } of batch) backlog.failed(group);
    events.failed(error instanceof Error ? error.name : String(error), batch.length);
    if (pausedUntil > clock.now()) return;
    pausedUntil = retryAt(options, failedCalls);
    failedCalls += 1;
  };

  const call = async (batch: readonly OutboxMessage[]): Promise<void> => {
    const { signal } = abort;
    calls += 1;
    try {
      const refusals = await send(batch, signal);
      if (signal.aborted) return;
      failedCalls = 0;
      settle(options, batch, refusals);
    } catch (error) {
      if (!signal.aborted) giveBack(batch, error);
    } finally {
      calls -= 1;
      options.onCallEnded();
    }
  };

  const sendDue = (): void => {
    const now = clock.now();
    if (pausedUntil > now) {
      wakeUp.set(pausedUntil);
      return;
    }
    while (calls < CALLS_AT_ONCE) {
      const batch = backlog.take(now);
      if (batch.length === 0) break;
      void call(batch);
    }
    const due = backlog.nextDue(now);
    if (due !== undefined) wakeUp.set(due);
  };
  const wakeUp = createWakeUp(clock, sendDue);

  return {
    sendDue,
    reset() {
      abort.abort();
      abort = new AbortController();
      failedCalls = 0;
      pausedUntil = 0;
      wakeUp.clear();
    },
  };
}

/** What an answer means for each message of the batch. */
function settle(
  options: SenderOptions,
  batch: readonly OutboxMessage[],
  refusals: readonly SendRefusal[],
): void {
  const { clock, backlog, events } = options;
  const refused = new Map(refusals.map((refusal) => [refusal.index, refusal]));
  // A message that is refused for what it is says nothing against SQS: another replica would do no better.
  if (batch.some((_, index) => refused.get(index)?.senderFault ?? true)) options.onProgress();
  for (const [index, { group }] of batch.entries()) {
    const refusal = refused.get(index);
    if (refusal === undefined) {
      backlog.sent(group);
      events.sent(1);
    } else {
      backlog.refused(group, {
        now: clock.now(),
        retryAt: (refusals) => retryAt(options, refusals),
        collapse: refusal.senderFault,
      });
      events.failed(refusal.code, 1);
    }
  }
}

/** When to try again after this many failures in a row, in milliseconds since the epoch. */
function retryAt({ clock, random }: SenderOptions, failures: number): number {
  return clock.now() + pauseAfter(failures + 1, BACK_OFF, random);
}
