import type { NetworkInterface } from '../../../sandbox/ec2/model.ts';
import type { Change } from '../../../sandbox/ec2/store.ts';
import type { Address } from '../../../shared/address.ts';
import type { Clock } from '../../../shared/time/clock.ts';
import type { VirtualWorld } from '../world/world.ts';
import { watchBrake } from './brake.ts';
import type { Claims } from './claims.ts';
import { judging } from './judge.ts';
import { type Ours, watchOurs } from './ledgers.ts';
import type { Life } from './life.ts';
import { addressesOf } from './places.ts';
import { countRaces, type Race, type RaceCounts } from './races.ts';
import { type Acting, cannotUse } from './reconciles.ts';
import { type PodChange, watchDryRun, watchStops } from './stops.ts';

/** For so long EC2 may show what was so before. */
const LONGEST_LAG_MS = 30_000;

export interface Invariants {
  /** Runs a call's effect, and judges what it changes. */
  act<T>(acting: Acting, effect: () => T): T;
  /** A process has ended in the midst of something. */
  died(life: Life): void;
  /** Its invocation is over, and nothing of it is under way. */
  ended(life: Life): void;
  /** A reconcile of a node that began at a step has come to its end, all of its reads being current. */
  reconciled(cluster: string, node: string, begun: number): void;
  /** A pod's object has changed. */
  told(change: PodChange): void;
  /** What claims are placed by has changed in a cluster. */
  changePlace(): void;
  readonly ours: Ours;
  violate(what: string): void;
  readonly violations: readonly string[];
  readonly races: ReadonlyMap<Race, number>;
}

interface Bounds {
  readonly step: () => number;
  readonly staleAt: () => number;
  /** How many execution environments share what the brake lets go. */
  readonly writers: number;
}

/** Watches every change of EC2: (a) and (b) of what must hold at every step. */
export function watchInvariants(
  world: VirtualWorld,
  claims: Claims,
  { step, staleAt, writers }: Bounds,
): Invariants {
  const violations: string[] = [];
  const violate = (what: string): void => void violations.push(what);
  const place = watchPlace(world.clock, step, staleAt);
  const ours = watchOurs(world, step, violate);
  const judge = judging({ world, claims, ours, isOldPlace: place.isOld });
  const races = countRaces(step);
  const judged = judgingAddresses(judge, races, violate);
  const brake = watchBrake({ world, claims, violate }, writers);
  const stops = watchStops(violate);
  let acting: Acting | undefined;

  world.ec2.onChange(({ before, after }: Change) => {
    for (const [id, eni] of after.enis) {
      const old = before.enis.get(id);
      if (old === eni) continue;
      const had = new Set<Address>(old && addressesOf(old));
      const has = new Set(addressesOf(eni));
      const by = acting;
      if (by !== undefined) {
        const what = old === undefined ? `${id} was made` : judge.scope(by, old, eni);
        if (what !== undefined) violate(what);
        for (const address of had.difference(has)) {
          judged.removed(by, eni, address);
          brake.removed(by, eni, address);
          stops.removed(by, address);
        }
        for (const address of has.difference(had)) {
          judged.added(by, eni, address);
          // What no ledger could take is nobody's until one has it (docs/design.md, rule L15). Neither is what
          // arrives late, if somebody has taken its entry away since.
          const isTampered = ours.tamperedAt(id) >= (by.reading?.begun ?? 0);
          if (!cannotUse(by, id) && !isTampered) ours.assigned(id, address);
          stops.added(by, address);
        }
      }
      for (const address of had.difference(has)) ours.left(id, address);
    }
    if (acting === undefined) place.changed();
    else if (before.enis.size !== after.enis.size) violate('the number of ENIs changed');
  });

  return {
    act(by, effect) {
      acting = by;
      try {
        return effect();
      } finally {
        acting = undefined;
      }
    },
    died: races.died,
    ended: races.ended,
    reconciled(cluster, node, begun) {
      for (const address of races.toBeMended(cluster, node, begun)) {
        const waiting = judge.waiting(cluster, node, address, begun);
        if (waiting === undefined) continue;
        violate(
          `${address} was lost in a race, and the next reconcile of ${node} left ${waiting} without it`,
        );
      }
    },
    told: watchDryRun(step, violate),
    changePlace: place.changed,
    ours,
    violate,
    violations,
    races: races.counts,
  };
}

/** When the workload last changed something that claims are placed by. */
function watchPlace(clock: Clock, step: () => number, staleAt: () => number) {
  let last = { step: -1, at: Number.NEGATIVE_INFINITY };
  return {
    changed(): void {
      last = { step: step(), at: clock.now() };
    },
    /** Nothing has changed since it began to read, nor does what it read lag behind. */
    isOld(by: Acting): boolean {
      const mayLag = staleAt() >= last.step && clock.now() < last.at + LONGEST_LAG_MS;
      return !mayLag && last.step < (by.reading?.begun ?? 0);
    },
  };
}

/** Judges each address that comes to an ENI or leaves it. */
function judgingAddresses(
  judge: ReturnType<typeof judging>,
  races: RaceCounts,
  violate: (what: string) => void,
) {
  return {
    removed(by: Acting, eni: NetworkInterface, address: Address): void {
      const verdict = judge.removal(by, eni, address);
      if (verdict.kind === 'violation') violate(verdict.what);
      if (verdict.kind === 'race') races.count(verdict.race, address, verdict.holder);
      if (!judge.isOwn(by, eni)) races.unassigned(by, address);
    },
    added(by: Acting, eni: NetworkInterface, address: Address): void {
      races.assigned(by, address);
      const what = judge.addition(by, eni, address);
      if (what !== undefined) violate(what);
    },
  };
}
