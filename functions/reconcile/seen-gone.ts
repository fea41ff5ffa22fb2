import type { Placement } from '../../shared/plan/decision.ts';

/** A message may tell of events up to a second younger than it says, and clocks differ: ms. */
const MARGIN_MS = 5_000;

/** What is remembered of releases: addresses that EC2 was seen not to have on an ENI. */
export interface SeenGone {
  /** These were not on their ENIs at `at` (ms since the epoch). */
  record(placements: readonly Placement[], at: number): void;
  /** These are on their ENIs again. */
  forget(placements: readonly Placement[]): void;
  /**
   * Whether an address was seen to be gone well after the claim that a message names had ended:
   * who claimed it since will be named again, so EC2 need not be asked once more.
   */
  covers(placement: Placement, namedAt: number): boolean;
}

/**
 * A memory of one node's releases, so that messages that waited for a release which has been
 * done meanwhile do not spend EC2's tokens on it: after an outage they come in hundreds.
 *
 * @param keptMs for how long; as long as messages may name addresses.
 */
export function seenGone(keptMs: number): SeenGone {
  const gone = new Map<string, number>();
  const key = ({ eniId, address }: Placement): string => `${eniId}/${address}`;
  return {
    record(placements, at) {
      for (const [known, since] of gone) if (since < at - keptMs) gone.delete(known);
      for (const placement of placements) gone.set(key(placement), at);
    },
    forget(placements) {
      for (const placement of placements) gone.delete(key(placement));
    },
    covers: (placement, namedAt) => (gone.get(key(placement)) ?? 0) > namedAt + MARGIN_MS,
  };
}
