import type { Cancel, Clock } from '../../shared/time/clock.ts';

/** Notices that something waits and nothing gets on. */
export interface Progress {
  /** Something waits, from now on if nothing did. */
  begin(): void;
  /** Something has got on. */
  step(): void;
  /** Nothing waits any more. */
  end(): void;
}

/** @param onStuck called each time that nothing has got on for another `ms` milliseconds. */
export function watchProgress(clock: Clock, ms: number, onStuck: () => void): Progress {
  let cancel: Cancel | undefined;
  const arm = (): void => {
    cancel?.();
    cancel = clock.after(ms, () => {
      arm();
      onStuck();
    });
  };
  return {
    begin() {
      if (cancel === undefined) arm();
    },
    step() {
      if (cancel !== undefined) arm();
    },
    end() {
      cancel?.();
      cancel = undefined;
    },
  };
}
