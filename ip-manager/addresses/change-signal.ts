import type { Clock } from '../../shared/time/clock.ts';

/** Tells one waiter that something has changed; several changes before it waits are one. */
export interface ChangeSignal {
  notify(): void;
  /**
   * Resolves once something has changed since the last time, at the latest after `mostMs`.
   *
   * @throws the signal's reason.
   */
  wait(signal: AbortSignal, mostMs?: number): Promise<void>;
}

export function createChangeSignal(clock: Clock): ChangeSignal {
  let isChanged = false;
  let waiter = (): void => {};
  return {
    notify() {
      isChanged = true;
      waiter();
    },
    async wait(signal, mostMs) {
      signal.throwIfAborted();
      const { promise, resolve, reject } = Promise.withResolvers<void>();
      const onAbort = (): void => reject(signal.reason);
      const cancel = mostMs === undefined ? undefined : clock.after(mostMs, resolve);
      signal.addEventListener('abort', onAbort, { once: true });
      waiter = resolve;
      if (isChanged) resolve();
      try {
        await promise;
      } finally {
        signal.removeEventListener('abort', onAbort);
        cancel?.();
      }
      isChanged = false;
    },
  };
}
