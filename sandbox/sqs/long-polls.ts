import type { Cancel, Clock } from '../../shared/time/clock.ts';

interface Poll<T> {
  readonly tryNow: () => readonly T[];
  readonly finish: (result: readonly T[] | Error) => void;
}

/** Receives that wait for messages, per queue in the order in which they came. */
export interface LongPolls<T> {
  /**
   * Asks `tryNow` at once and again whenever the queue may have something new,
   * until it gives something or `waitMs` have passed.
   *
   * @returns what it gave, or nothing. Ends with nothing as soon as `signal` is aborted.
   * @throws what `tryNow` throws; QueueDoesNotExist when the queue is deleted meanwhile.
   */
  wait(
    queue: string,
    waitMs: number,
    tryNow: () => readonly T[],
    signal: AbortSignal,
  ): Promise<readonly T[]>;
  /** Something happened in a queue. */
  changed(queue: string): void;
  /** How many receives wait at a queue. */
  waiting(queue: string): number;
  /** Ends all with nothing. */
  stop(): void;
}

/** `nextVisibleAt` says when, after `now`, a queue has its next message by itself (ms since the epoch). */
export function longPolls<T>(
  clock: Clock,
  nextVisibleAt: (queue: string, now: number) => number | undefined,
): LongPolls<T> {
  const polls = new Map<string, Set<Poll<T>>>();
  const alarms = new Map<string, Cancel>();
  const at = (queue: string): Set<Poll<T>> => {
    const set = polls.get(queue) ?? new Set();
    polls.set(queue, set);
    return set;
  };

  const silence = (queue: string): void => {
    alarms.get(queue)?.();
    alarms.delete(queue);
  };

  /** `since`: before the queue was last tried; what became visible since then was not seen. */
  const setAlarm = (queue: string, since: number): void => {
    silence(queue);
    const next = at(queue).size === 0 ? undefined : nextVisibleAt(queue, since);
    if (next === undefined) return;
    const cancel = clock.after(Math.max(0, next - clock.now()), () => changed(queue));
    alarms.set(queue, cancel);
  };

  const attempt = (poll: Poll<T>): void => {
    try {
      const found = poll.tryNow();
      if (found.length > 0) poll.finish(found);
    } catch (error) {
      poll.finish(error instanceof Error ? error : new Error(String(error)));
    }
  };

  const changed = (queue: string): void => {
    const since = clock.now();
    for (const poll of [...at(queue)]) attempt(poll);
    setAlarm(queue, since);
  };

  return {
    wait: (queue, waitMs, tryNow, signal) =>
      new Promise((resolve, reject) => {
        const since = clock.now();
        const poll: Poll<T> = {
          tryNow,
          finish(result) {
            cancel();
            signal.removeEventListener('abort', onAbort);
            if (at(queue).delete(poll) && at(queue).size === 0) silence(queue);
            if (result instanceof Error) reject(result);
            else resolve(result);
          },
        };
        const onAbort = (): void => poll.finish([]);
        let cancel: Cancel = () => {};
        at(queue).add(poll);
        attempt(poll);
        if (!at(queue).has(poll)) return;
        if (waitMs === 0 || signal.aborted) {
          poll.finish([]);
          return;
        }
        cancel = clock.after(waitMs, () => poll.finish([]));
        signal.addEventListener('abort', onAbort, { once: true });
        setAlarm(queue, since);
      }),
    changed,
    waiting: (queue) => at(queue).size,
    stop() {
      for (const poll of [...polls.values()].flatMap((set) => [...set])) poll.finish([]);
    },
  };
}
