import type { Clock } from '../../shared/time/clock.ts';

/** Those who wait for the same thing. */
export interface Waiters {
  /** Resolves to true once it has happened, to false after `timeoutMs` milliseconds. */
  wait(timeoutMs: number): Promise<boolean>;
  /** It has happened. */
  release(): void;
}

export function createWaiters(clock: Clock): Waiters {
  const waiting = new Set<() => void>();
  return {
    wait: (timeoutMs) =>
      new Promise((resolve) => {
        const end = (happened: boolean): void => {
          cancel();
          waiting.delete(release);
          resolve(happened);
        };
        const release = (): void => end(true);
        const cancel = clock.after(timeoutMs, () => end(false));
        waiting.add(release);
      }),
    release() {
      for (const release of waiting) release();
    },
  };
}
