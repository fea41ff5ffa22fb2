import type { StoredMessage } from './message.ts';

/** "You can use ReceiveRequestAttemptId only for 5 minutes after a ReceiveMessage action." */
const INTERVAL_MS = 5 * 60_000;

interface Attempt {
  readonly at: number;
  readonly deliveries: readonly {
    readonly message: StoredMessage;
    readonly handle: string | undefined;
    visibleAt: number;
  }[];
}

/** What receives with a ReceiveRequestAttemptId were answered, so that a retry gets the same. */
export interface ReceiveAttempts {
  /** The messages of the earlier receive, if none was deleted, received again or had its visibility changed. */
  repeat(now: number, attemptId: string, visibleAt: number): readonly StoredMessage[] | undefined;
  remember(now: number, attemptId: string, messages: readonly StoredMessage[]): void;
}

export function receiveAttempts(isInQueue: (message: StoredMessage) => boolean): ReceiveAttempts {
  const attempts = new Map<string, Attempt>();
  return {
    repeat(now, attemptId, visibleAt) {
      const attempt = attempts.get(attemptId);
      if (attempt === undefined || attempt.at + INTERVAL_MS <= now) return undefined;
      const unchanged = attempt.deliveries.every(
        ({ message, ...delivered }) =>
          isInQueue(message) &&
          message.receipt?.handle === delivered.handle &&
          message.visibleAt === delivered.visibleAt &&
          message.visibleAt > now,
      );
      if (!unchanged) return undefined;
      // "If a retry occurs within the deduplication interval, it resets the visibility timeout."
      for (const delivery of attempt.deliveries) {
        delivery.visibleAt = visibleAt;
        delivery.message.visibleAt = visibleAt;
      }
      return attempt.deliveries.map(({ message }) => message);
    },
    remember(now, attemptId, messages) {
      if (messages.length === 0) return;
      attempts.set(attemptId, {
        at: now,
        deliveries: messages.map((message) => ({
          message,
          handle: message.receipt?.handle,
          visibleAt: message.visibleAt,
        })),
      });
    },
  };
}
