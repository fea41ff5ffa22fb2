import type { Cancel, Clock } from '../shared/clock.ts';

/** A clock that stands still until a test moves it. */
export interface VirtualClock extends Clock {
  /** Moves time on by `ms` milliseconds, firing due timers in order of their time. */
  advance(ms: number): void;
  /** Milliseconds since the epoch at which the next timer is due, if there is one. */
  nextTimer(): number | undefined;
}

interface Timer {
  readonly id: number;
  readonly due: number;
  readonly task: () => void;
}

/** A virtual clock that begins at `startMs` (milliseconds since the epoch). */
export function virtualClock(startMs = Date.UTC(2026, 0, 1)): VirtualClock {
  let now = startMs;
  let sequence = 0;
  const timers = new Map<number, Timer>();

  const next = (): Timer | undefined => {
    let first: Timer | undefined;
    for (const timer of timers.values()) {
      if (first === undefined || timer.due < first.due) first = timer;
    }
    return first;
  };

  return {
    now: () => now,
    after(delayMs, task): Cancel {
      const id = sequence++;
      timers.set(id, { id, due: now + Math.max(0, delayMs), task });
      return () => timers.delete(id);
    },
    advance(ms) {
      const until = now + ms;
      for (let timer = next(); timer !== undefined && timer.due <= until; timer = next()) {
        timers.delete(timer.id);
        now = Math.max(now, timer.due);
        timer.task();
      }
      now = until;
    },
    nextTimer: () => next()?.due,
  };
}
