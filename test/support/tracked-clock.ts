import type { Clock } from '../../shared/time/clock.ts';

/** A clock that knows what still waits on it. */
export interface TrackedClock extends Clock {
  /** How many timers of at most `delayMs` milliseconds have not fired yet. */
  pending(delayMs: number): number;
}

export function trackedClock(clock: Clock): TrackedClock {
  const timers = new Map<symbol, number>();
  return {
    now: clock.now,
    monotonic: clock.monotonic,
    after(delayMs, task) {
      const id = Symbol();
      timers.set(id, delayMs);
      const cancel = clock.after(delayMs, () => {
        timers.delete(id);
        task();
      });
      return () => {
        timers.delete(id);
        cancel();
      };
    },
    pending: (delayMs) => [...timers.values()].filter((delay) => delay <= delayMs).length,
  };
}
