import type { Cancel, Clock } from '../../../shared/time/clock.ts';

/** One process, from its start to its end or its crash. */
export interface Life {
  readonly program: Program;
  readonly alive: boolean;
  /** Stands still for whoever has died. */
  readonly clock: Clock;
  /** It dies: with it go its memory, its timers and every answer that it waits for. */
  kill(): void;
}

export type Program = 'forwarder' | 'reconcile' | 'sweep';

export function startLife(program: Program, clock: Clock, onKilled: () => void = () => {}): Life {
  let alive = true;
  const timers = new Set<Cancel>();
  return {
    program,
    get alive() {
      return alive;
    },
    clock: {
      now: clock.now,
      monotonic: clock.monotonic,
      after(delayMs, task) {
        if (!alive) return () => {};
        const cancel = clock.after(delayMs, () => {
          timers.delete(cancel);
          task();
        });
        timers.add(cancel);
        return () => {
          timers.delete(cancel);
          cancel();
        };
      },
    },
    kill() {
      if (!alive) return;
      alive = false;
      for (const cancel of timers) cancel();
      onKilled();
    },
  };
}
