import { setImmediate as nextTurn } from 'node:timers/promises';
import { virtualClock } from '../../sandbox/clock.ts';
import { type Clock, type Random, sleep } from '../../shared/time/clock.ts';
import { seededRandom } from '../../test/faults/world/random.ts';

/** Time that passes only when nothing can go on without it. */
export interface VirtualTime {
  readonly clock: Clock;
  readonly random: Random;
  /**
   * One way of a call that takes `ms` milliseconds there and back: half of it, and up to a fifth
   * more or less. Rejects once `signal` is aborted.
   */
  travel(ms: number, signal?: AbortSignal): Promise<void>;
  /**
   * Lets time pass until `done`.
   *
   * @returns false if that takes more than `mostMs`.
   */
  drive(done: () => boolean, mostMs: number): Promise<boolean>;
  /** Lets time pass until a promise is settled that may wait for the machine too. */
  settle<T>(promise: Promise<T>): Promise<T>;
}

/**
 * Takes over this thread's `setTimeout` and `Math.random`, by which the SDK backs off: the same
 * seed gives the same run. Nothing that is measured waits for the machine itself.
 */
export function startVirtualTime(seed: number): VirtualTime {
  const clock = virtualClock();
  const random = seededRandom(seed);
  const timers = new Map<number, () => void>();
  let ids = 0;
  Reflect.set(globalThis, 'setTimeout', (task: () => void, ms = 0) => {
    ids += 1;
    const id = ids;
    const cancel = clock.after(ms, () => {
      timers.delete(id);
      task();
    });
    timers.set(id, cancel);
    return id;
  });
  Reflect.set(globalThis, 'clearTimeout', (id: number) => {
    timers.get(id)?.();
    timers.delete(id);
  });
  Reflect.set(Math, 'random', seededRandom(seed + 1));

  /** Everything that can go on goes on; twice, as one turn may begin what ends in the next. */
  const goOn = async (): Promise<void> => {
    await nextTurn();
    await nextTurn();
  };
  const step = (): void => {
    const next = clock.nextTimer();
    if (next !== undefined) clock.advance(next - clock.now());
  };

  return {
    clock,
    random,
    travel: (ms, signal) => sleep(clock, (ms / 2) * (0.8 + 0.4 * random()), signal),
    async drive(done, mostMs) {
      const end = clock.now() + mostMs;
      for (;;) {
        await goOn();
        if (done()) return true;
        const next = clock.nextTimer();
        if (next === undefined || next > end) return false;
        step();
      }
    },
    async settle(promise) {
      let settled = false;
      const watched = promise.finally(() => {
        settled = true;
      });
      watched.catch(() => undefined);
      while (!settled) {
        await goOn();
        if (!settled) step();
      }
      return watched;
    },
  };
}
