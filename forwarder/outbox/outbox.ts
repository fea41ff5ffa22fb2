import type { Message } from '../../shared/messages/schema.ts';
import type { Clock, Random } from '../../shared/time/clock.ts';
import { createBacklog } from './backlog.ts';
import type { Limit } from './groups.ts';
import { watchProgress } from './progress.ts';
import { createSender, type SendBatch, type SenderEvents } from './sender.ts';
import { createWaiters } from './waiters.ts';

/** What the outbox tells, for metrics and log. */
export interface OutboxEvents extends SenderEvents {
  /** The waiting messages of a node became one `resync`. */
  collapsed(node: string, messages: number): void;
  /** SQS has taken nothing of what waits for as long as the send deadline. */
  stuck(): void;
}

export interface Outbox {
  push(message: Message): void;
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
  /** How many milliseconds SQS may take none of the messages that wait. */
  readonly sendDeadline: number;
  readonly events: OutboxEvents;
}): Outbox {
  const { clock, random, cluster, limit, send, events } = options;
  const progress = watchProgress(clock, options.sendDeadline, events.stuck);
  const backlog = createBacklog({ cluster, limit, collapsed: events.collapsed });
  const drained = createWaiters(clock);

  const pump = (): void => {
    if (backlog.size().messages === 0) {
      progress.end();
      drained.release();
    }
    sender.sendDue();
  };
  const sender = createSender({
    clock,
    random,
    backlog,
    send,
    events,
    onProgress: progress.step,
    onCallEnded: pump,
  });

  return {
    push(message) {
      backlog.push(message, clock.now());
      progress.begin();
      pump();
    },
    drain: async (timeoutMs) => backlog.size().messages === 0 || (await drained.wait(timeoutMs)),
    clear() {
      sender.reset();
      backlog.clear();
      pump();
    },
    size: () => backlog.size(),
  };
}
