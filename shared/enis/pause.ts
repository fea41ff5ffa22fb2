import type { Clock } from '../time/clock.ts';

/**
 * A throttle within this time of the first one answers a call that was already on its way. It is ignored.
 */
const ONE_ANSWER_MS = 1_000;
/** How long after a throttle one call tries again. The time doubles while that call is throttled too. */
const FIRST_MS = 1_000;
const LONGEST_MS = 8_000;
/** How long until the answer to a try is there. */
const TRY_MS = 1_000;

/** A time without calls, after EC2 throttled one. */
export interface Pause {
  /** Milliseconds until a call may be tried; 0: now. */
  left(): number;
  /** EC2 has throttled, and answered nothing since. */
  isOn(): boolean;
  /** When EC2 last throttled, ms of the monotonic clock. */
  throttledAt(): number;
  /** A call is tried; others wait for what it is answered. */
  trying(): void;
  /** EC2 answered a call, whatever it said. */
  answered(): void;
  /** EC2 throttled a call. @returns whether that says anything new. */
  throttled(): boolean;
}

export function createPause(clock: Clock): Pause {
  let isOn = false;
  let lengthMs = FIRST_MS;
  let notBefore = 0;
  let throttledAt = -Infinity;
  return {
    left: () => Math.max(0, notBefore - clock.monotonic()),
    isOn: () => isOn,
    throttledAt: () => throttledAt,
    trying() {
      if (isOn) notBefore = Math.max(notBefore, clock.monotonic() + TRY_MS);
    },
    answered() {
      isOn = false;
      lengthMs = FIRST_MS;
      notBefore = 0;
    },
    throttled() {
      const now = clock.monotonic();
      if (now - throttledAt < ONE_ANSWER_MS) return false;
      if (isOn) lengthMs = Math.min(LONGEST_MS, 2 * lengthMs);
      isOn = true;
      throttledAt = now;
      notBefore = now + lengthMs;
      return true;
    },
  };
}
