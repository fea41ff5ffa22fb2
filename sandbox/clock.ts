import type { Cancel, Clock } from '../shared/clock.ts';

/** A clock that stands still until a test moves it. */
export interface VirtualClock extends Clock {
  /** Moves time on by `ms` milliseconds, firing due timers in order of their time. */
  advance(ms: number): void;
  /** Milliseconds since the epoch at which the next timer is due, if there is one. */
  nextTimer(): number | undefined;
}

/** A virtual clock that begins at `startMs` (milliseconds since the epoch). */
export function virtualClock(startMs = Date.UTC(2026, 0, 1)): VirtualClock {
  let now = startMs;
  let sequence = 0;
  const timers = new Map<number, { due: number; task: () => void }>();

  const next = (): { id: number; due: number; task: () => void } | undefined => {
    let first: { id: number; due: number; task: () => void } | undefined;
    for (const [id, timer] of timers) {
      if (first === undefined || timer.due < first.due) first = { id, ...timer };
    }
    return first;
  };

  return {
    now: () => now,
    after(delayMs, task): Cancel {
      const id = sequence++;
      timers.set(id, { due: now + Math.max(0, delayMs), task });
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
