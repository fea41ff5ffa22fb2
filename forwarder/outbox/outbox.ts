import type { Message } from '../../shared/messages/schema.ts';
import type { BatchRefusal } from '../../shared/messages/send-batch.ts';
import type { Cancel, Clock, Random } from '../../shared/time/clock.ts';
import { createBacklog, type Limit, type Outgoing } from './backlog.ts';
import { watchProgress } from './progress.ts';

const CALLS_AT_ONCE = 4;
const FIRST_RETRY_MS = 100;
const LONGEST_RETRY_MS = 30_000;

/** Why SQS did not take one message of a batch. */
export type Refusal = Omit<BatchRefusal, 'detail'>;

/**
 * Sends up to ten messages in one call.
 *
 * @returns the messages that were refused.
 * @throws where the call as a whole failed; whether it had an effect is not known.
 */
export type SendBatch = (batch: readonly Outgoing[], signal: AbortSignal) => Promise<Refusal[]>;

/** What the outbox tells, for metrics and log. */
export interface OutboxEvents {
  sent(messages: number): void;
  /** A call or a message failed; it will be sent again. */
  failed(reason: string, messages: number): void;
  /** The waiting messages of a node became one `resync`. */
  collapsed(node: string, messages: number): void;
  /** For a whole send deadline SQS has taken nothing of what waits. */
  stuck(): void;
}

export interface Outbox {
  /** @param since when the oldest was seen that it tells of, ms since the epoch; by default now. */
  push(message: Message, since?: number): void;
  /** When the oldest may have been seen that is not sent, ms since the epoch; absent where nothing waits. */
  unsentSince(): number | undefined;
  /** Resolves to true as soon as nothing waits, to false after `timeoutMs` milliseconds. */
  drain(timeoutMs: number): Promise<boolean>;
  /** Forgets everything that waits and gives up the calls under way. */
  clear(): void;
  size(): Limit;
}

/**
 * Sends messages to SQS and keeps them until it has them. A group's messages leave
 * one by one, in order; what fails is sent again, ever more slowly.
 */
export function createOutbox(options: {
  readonly clock: Clock;
  readonly random: Random;
  readonly cluster: string;
  readonly limit: Limit;
  readonly send: SendBatch;
  /** How long SQS may take nothing of what waits, ms. */
  readonly sendDeadline: number;
  readonly events: OutboxEvents;
}): Outbox {
  const { clock, random, cluster, limit, send, events } = options;
  const progress = watchProgress(clock, options.sendDeadline, events.stuck);
  const backlog = createBacklog({ cluster, limit, collapsed: events.collapsed });
  const waiters = new Set<() => void>();
  let calls = 0;
  let failedCalls = 0;
  let pausedUntil = 0;
  let unsentSince: number | undefined;
  let timer: { readonly at: number; readonly cancel: Cancel } | undefined;
  let abort = new AbortController();

  const retryAt = (failures: number): number => {
    const longest = Math.min(LONGEST_RETRY_MS, FIRST_RETRY_MS * 2 ** Math.min(failures, 20));
    return clock.now() + longest * (0.5 + random() / 2);
  };

  const settle = (batch: readonly Outgoing[], refusals: readonly Refusal[]): void => {
    const refused = new Map(refusals.map((refusal) => [refusal.index, refusal]));
    // What is itself at fault says nothing against SQS: another replica would do no better.
    if (batch.some((_, index) => refused.get(index)?.senderFault ?? true)) progress.step();
    for (const [index, { group }] of batch.entries()) {
      const refusal = refused.get(index);
      if (refusal === undefined) {
        backlog.sent(group);
        events.sent(1);
      } else {
        backlog.refused(group, { now: clock.now(), retryAt, collapse: refusal.senderFault });
        events.failed(refusal.code, 1);
      }
    }
  };

  /** The call as a whole failed: nothing is sent for a while, as the next would fail alike. */
  const giveBack = (batch: readonly Outgoing[], error: unknown): void => {
    for (const { group } of batch) backlog.failed(group);
    events.failed(error instanceof Error ? error.name : String(error), batch.length);
    if (pausedUntil > clock.now()) return;
    pausedUntil = retryAt(failedCalls);
    failedCalls += 1;
  };

  const call = async (batch: readonly Outgoing[]): Promise<void> => {
    const { signal } = abort;
    calls += 1;
    try {
      const refusals = await send(batch, signal);
      if (signal.aborted) return;
      failedCalls = 0;
      settle(batch, refusals);
    } catch (error) {
      if (!signal.aborted) giveBack(batch, error);
    } finally {
      calls -= 1;
      pump();
    }
  };

  const wakeAt = (at: number): void => {
    if (timer !== undefined && timer.at <= at) return;
    timer?.cancel();
    const cancel = clock.after(at - clock.now(), () => {
      timer = undefined;
      pump();
    });
    timer = { at, cancel };
  };

  const pump = (): void => {
    if (backlog.size().messages === 0) {
      unsentSince = undefined;
      progress.end();
      for (const done of waiters) done();
    }
    const now = clock.now();
    if (pausedUntil > now) {
      wakeAt(pausedUntil);
      return;
    }
    while (calls < CALLS_AT_ONCE) {
      const batch = backlog.take(now);
      if (batch.length === 0) break;
      void call(batch);
    }
    const due = backlog.nextDue(now);
    if (due !== undefined) wakeAt(due);
  };

  return {
    push(message, since = clock.now()) {
      unsentSince = Math.min(since, unsentSince ?? since);
      backlog.push(message, clock.now());
      progress.begin();
      pump();
    },
    unsentSince: () => unsentSince,
    drain(timeoutMs) {
      if (backlog.size().messages === 0) return Promise.resolve(true);
      return new Promise((resolve) => {
        const end = (drained: boolean): void => {
          cancel();
          waiters.delete(done);
          resolve(drained);
        };
        const done = (): void => end(true);
        const cancel = clock.after(timeoutMs, () => end(false));
        waiters.add(done);
      });
    },
    clear() {
      abort.abort();
      abort = new AbortController();
      backlog.clear();
      failedCalls = 0;
      pausedUntil = 0;
      timer?.cancel();
      timer = undefined;
      pump();
    },
    size: () => backlog.size(),
  };
}
