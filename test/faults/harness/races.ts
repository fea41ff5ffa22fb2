import type { Life } from './life.ts';
import type { Acting } from './reconciles.ts';

/** The races that no order of calls can exclude (docs/design.md, rule 3 and end of "Schedules"). */
export type Race = 'claimed-after-the-list' | 'eni-moved' | 'between-unassign-and-assign';

/** Adds what one run met to what others did. */
export function addRaces(all: Map<Race, number>, races: ReadonlyMap<Race, number>): void {
  for (const [race, count] of races) all.set(race, (all.get(race) ?? 0) + count);
}

/** The node of a reconcile, as far as it is known. */
interface Reconciled {
  readonly cluster: string;
  readonly node?: string | undefined;
}

/** Counts races, and knows whose next reconcile mends each. */
export interface RaceCounts {
  readonly counts: ReadonlyMap<Race, number>;
  /** An address was lost in a race: the node's next reconcile is to mend that. */
  count(race: Race, address: string, of: Reconciled | undefined): void;
  /** A take-over has unassigned an address, and is to assign it. */
  unassigned(by: Acting, address: string): void;
  assigned(by: Acting, address: string): void;
  /** A process has ended in the midst of something. */
  died(life: Life): void;
  /** Its invocation is over, and nothing of it is under way. */
  ended(life: Life): void;
  /**
   * A reconcile that began at a step has ended: takes the addresses which were lost before and are
   * its node's to assign, but for those that somebody takes over right now.
   */
  toBeMended(cluster: string, node: string, begun: number): readonly string[];
}

export function countRaces(step: () => number): RaceCounts {
  const counts = new Map<Race, number>();
  /** Addresses between a take-over's unassign and its assign, and who takes them. */
  const inTransit = new Map<string, Acting>();
  /** Whose next reconcile mends a race, and the step of the race, by address. */
  const unmended = new Map<string, { cluster: string; node: string; at: number }>();
  const count: RaceCounts['count'] = (race, address, of) => {
    counts.set(race, (counts.get(race) ?? 0) + 1);
    unmended.set(address, { cluster: of?.cluster ?? '', node: of?.node ?? '', at: step() });
  };

  return {
    counts,
    count,
    unassigned: (by, address) => void inTransit.set(address, by),
    assigned(by, address) {
      const taker = inTransit.get(address);
      inTransit.delete(address);
      if (taker === undefined || taker.reading === by.reading) return;
      count('between-unassign-and-assign', address, taker.reading);
    },
    died(life) {
      for (const [address, by] of inTransit) {
        if (by.life !== life) continue;
        inTransit.delete(address);
        count('between-unassign-and-assign', address, by.reading);
      }
    },
    ended(life) {
      for (const [address, by] of inTransit) if (by.life === life) inTransit.delete(address);
    },
    toBeMended(cluster, node, begun) {
      const lost = [...unmended].filter(
        ([, race]) => race.cluster === cluster && race.node === node && race.at < begun,
      );
      for (const [address] of lost) unmended.delete(address);
      return lost.map(([address]) => address).filter((address) => !inTransit.has(address));
    },
  };
}
