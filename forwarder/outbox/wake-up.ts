import type { Cancel, Clock } from '../../shared/time/clock.ts';

/** One timer, for the earliest of the times at which something is due. */
export interface WakeUp {
  /** @param at ms since the epoch; does nothing if it is set for this time or earlier. */
  set(at: number): void;
  clear(): void;
}

/** @param ring called once at the earliest time that was set. */
export function createWakeUp(clock: Clock, ring: () => void): WakeUp {
  let timer: { readonly at: number; readonly cancel: Cancel } | undefined;
  return {
    set(at) {
      if (timer !== undefined && timer.at <= at) return;
      timer?.cancel();
      const cancel = clock.after(at - clock.now(), () => {
        timer = undefined;
        ring();
      });
      timer = { at, cancel };
    },
    clear() {
      timer?.cancel();
      timer = undefined;
    },
  };
}
