import type { Cancel, Clock } from '../shared/time/clock.ts';

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

function firesBefore(a: Timer, b: Timer): boolean {
  return a.due < b.due || (a.due === b.due && a.id < b.id);
}

/** A virtual clock that begins at `startMs` (milliseconds since the epoch). */
export function virtualClock(startMs = Date.UTC(2026, 0, 1)): VirtualClock {
  let now = startMs;
  let sequence = 0;
  /** The next to fire is the last. */
  const timers: Timer[] = [];

  /** Behind those that fire later than `timer`. */
  const placeOf = (timer: Timer): number => {
    let low = 0;
    let high = timers.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      const other = timers[middle];
      if (other !== undefined && firesBefore(timer, other)) low = middle + 1;
      else high = middle;
    }
    return low;
  };

  return {
    now: () => now,
    monotonic: () => now,
    after(delayMs, task): Cancel {
      const timer = { id: sequence++, due: now + Math.max(0, delayMs), task };
      timers.splice(placeOf(timer), 0, timer);
      return () => {
        const place = placeOf(timer);
        if (timers[place] === timer) timers.splice(place, 1);
      };
    },
    advance(ms) {
      const until = now + ms;
      for (let timer = timers.at(-1); timer && timer.due <= until; timer = timers.at(-1)) {
        timers.pop();
        now = Math.max(now, timer.due);
        timer.task();
      }
      now = until;
    },
    nextTimer: () => timers.at(-1)?.due,
  };
}
