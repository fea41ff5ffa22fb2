import type { Random } from './clock.ts';

/** How the pauses between tries grow, in one unit of time. */
export interface BackOff {
  readonly first: number;
  readonly most: number;
  /** The largest part of a pause that chance takes off, so that many do not try at once. */
  readonly jitter: number;
}

/** The pause before the next try after `failures` failures in a row, from one on. It doubles each time. */
export function pauseAfter(failures: number, { first, most, jitter }: BackOff, random: Random) {
  const full = Math.min(most, first * 2 ** Math.min(failures - 1, 30));
  return full * (1 - jitter * random());
}
