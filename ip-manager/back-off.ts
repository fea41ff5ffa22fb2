import type { Random } from '../shared/time/clock.ts';

export interface BackOff {
  readonly firstMs: number;
  readonly mostMs: number;
}

/** The pause before the next try, ms: doubled with each that failed, half of it by chance. */
export function pauseAfter(failures: number, { firstMs, mostMs }: BackOff, random: Random): number {
  return Math.min(firstMs * 2 ** (failures - 1), mostMs) * (0.5 + random() / 2);
}
