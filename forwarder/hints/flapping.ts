import type { Clock } from '../../shared/time/clock.ts';

/** So many changes of one pod are told to others at once: that it comes, terminates and goes, and one more. */
const AT_ONCE = 4;
/** And one more for each of these, ms. */
const EACH_MS = 20_000;

/** Notices pods that change what they claim again and again. */
export interface Flapping {
  /** Notes that a pod's change is told to others. @returns whether it has changed so often that they may wait. */
  note(uid: string): boolean;
  clear(): void;
}

export function createFlapping(clock: Clock): Flapping {
  /** By uid, when all of its changes may be told at once again: ms since the epoch. */
  const wholeAt = new Map<string, number>();
  return {
    note(uid) {
      const now = clock.now();
      // In the order of their last change, so that the oldest are at the beginning.
      for (const [other, at] of wholeAt) {
        if (at > now) break;
        wholeAt.delete(other);
      }
      const next = Math.max(now, wholeAt.get(uid) ?? now) + EACH_MS;
      const flaps = next - now > AT_ONCE * EACH_MS;
      wholeAt.delete(uid);
      wholeAt.set(uid, flaps ? next - EACH_MS : next);
      return flaps;
    },
    clear: () => wholeAt.clear(),
  };
}
