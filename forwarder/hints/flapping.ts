import type { Clock } from '../../shared/time/clock.ts';

/** Notices what changes again and again. */
export interface Flapping {
  /** Notes a change. @returns whether there were so many that it may wait. */
  note(key: string): boolean;
  clear(): void;
}

/** @param bound so many changes of one thing are told at once, and one more for each `eachMs`. */
export function createFlapping(
  clock: Clock,
  { atOnce, eachMs }: { readonly atOnce: number; readonly eachMs: number },
): Flapping {
  /** By key, when all of its changes may be told at once again: ms since the epoch. */
  const wholeAt = new Map<string, number>();
  return {
    note(key) {
      const now = clock.now();
      // In the order of their last change, so that the oldest are at the beginning.
      for (const [other, at] of wholeAt) {
        if (at > now) break;
        wholeAt.delete(other);
      }
      const next = Math.max(now, wholeAt.get(key) ?? now) + eachMs;
      const flaps = next - now > atOnce * eachMs;
      wholeAt.delete(key);
      wholeAt.set(key, flaps ? next - eachMs : next);
      return flaps;
    },
    clear: () => wholeAt.clear(),
  };
}
