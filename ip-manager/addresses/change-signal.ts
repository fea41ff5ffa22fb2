import type { Clock } from '../../shared/time/clock.ts';

/** Tells one listener that something has changed; several rings before it listens are one. */
export interface Bell {
  ring(): void;
  /**
   * Resolves once the bell has been rung since the last time, at the latest after `mostMs`.
   *
   * @throws the signal's reason.
   */
  heard(signal: AbortSignal, mostMs?: number): Promise<void>;
}

export function createBell(clock: Clock): Bell {
  let rung = false;
  let listener = (): void => {};
  return {
    ring() {
      rung = true;
      listener();
    },
    async heard(signal, mostMs) {
      signal.throwIfAborted();
      const { promise, resolve, reject } = Promise.withResolvers<void>();
      const onAbort = (): void => reject(signal.reason);
      const cancel = mostMs === undefined ? undefined : clock.after(mostMs, resolve);
      signal.addEventListener('abort', onAbort, { once: true });
      listener = resolve;
      if (rung) resolve();
      try {
        await promise;
      } finally {
        signal.removeEventListener('abort', onAbort);
        cancel?.();
      }
      rung = false;
    },
  };
}
