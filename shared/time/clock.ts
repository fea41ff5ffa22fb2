/** Stops a timer that has not fired; does nothing to one that has. */
export type Cancel = () => void;

/**
 * The time that decisions and waits depend on. It is a parameter everywhere, so
 * that one harness can run forwarder, queue and functions on a virtual clock.
 */
export interface Clock {
  /** Milliseconds since the Unix epoch. */
  now(): number;
  /** Milliseconds since some moment; it never steps, whatever is done to the machine's time. */
  monotonic(): number;
  /** Calls `task` once, `delayMs` milliseconds from now. */
  after(delayMs: number, task: () => void): Cancel;
}

/** A number in [0, 1), as `Math.random` gives it. */
export type Random = () => number;

/** The machine's own clock. */
export const systemClock: Clock = {
  now: () => Date.now(),
  monotonic: () => performance.now(),
  after: (delayMs, task) => {
    const timer = setTimeout(task, delayMs);
    return () => clearTimeout(timer);
  },
};

/**
 * Waits `delayMs` milliseconds of `clock`'s time.
 *
 * @throws the signal's reason, as soon as `signal` is aborted.
 */
export function sleep(clock: Clock, delayMs: number, signal?: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    if (signal?.aborted) {
      reject(signal.reason);
      return;
    }
    const onAbort = (): void => {
      cancel();
      reject(signal?.reason);
    };
    const cancel = clock.after(delayMs, () => {
      signal?.removeEventListener('abort', onAbort);
      resolve();
    });
    signal?.addEventListener('abort', onAbort, { once: true });
  });
}
