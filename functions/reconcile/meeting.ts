import type { Clock } from '../../shared/time/clock.ts';

/** How long the nodes that have come wait for the rest of the batch. */
const LONGEST_MS = 250;

/** Where the nodes of a batch wait for each other. */
export interface Meeting {
  /** One of them has come, or does not come any more. */
  arrive(): void;
  /** Resolves once all have come, or a moment after the first. */
  readonly all: Promise<void>;
}

/**
 * Lets the nodes of a batch ask EC2 at the same moment, so that one call reads the ENIs of all. Each asks the API
 * server first whose ENIs to read, and the answers come one by one.
 *
 * @param count how many are to come.
 */
export function meeting(clock: Clock, count: number): Meeting {
  const { promise, resolve } = Promise.withResolvers<void>();
  let missing = count;
  let cancel = (): void => {};
  return {
    all: promise,
    arrive() {
      if (missing === count) cancel = clock.after(LONGEST_MS, resolve);
      missing -= 1;
      if (missing > 0) return;
      cancel();
      resolve();
    },
  };
}
