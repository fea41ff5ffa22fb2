import type { NetworkInterface } from '../../../sandbox/ec2/model.ts';
import type { Change } from '../../../sandbox/ec2/store.ts';
import type { Address } from '../../../shared/address.ts';
import type { VirtualWorld } from '../world/world.ts';
import type { Claims } from './claims.ts';
import { type Acting, judging } from './judge.ts';
import type { Life } from './life.ts';
import { addressesOf } from './places.ts';
import type { Race } from './races.ts';

/** For so long EC2 may show what was so before, ms. */
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
  /** What claims are placed by has changed in a cluster. */
  changePlace(): void;
  violate(what: string): void;
  readonly violations: readonly string[];
  readonly races: ReadonlyMap<Race, number>;
}

/** Watches every change of EC2: (a) and (b) of what must hold at every step. */
export function watchInvariants(
  world: VirtualWorld,
  claims: Claims,
  { step, staleAt }: { readonly step: () => number; readonly staleAt: () => number },
): Invariants {
  const violations: string[] = [];
  const races = new Map<Race, number>();
  /** Addresses between a take-over's unassign and its assign, and who takes them. */
  const inTransit = new Map<string, Acting>();
  const unread = new Set<Life>();
  /** Whose next reconcile mends a race, by address. */
  const unmended = new Map<string, Unmended>();
  let acting: Acting | undefined;
  /** When the workload last changed something that claims are placed by. */
  let placeChanged = { step: -1, at: Number.NEGATIVE_INFINITY };
  const isOldPlace = (by: Acting): boolean => {
    const { step: changedAt, at } = placeChanged;
    const mayLag = staleAt() >= changedAt && world.clock.now() < at + LONGEST_LAG_MS;
    return !mayLag && changedAt < (by.reading?.begun ?? 0);
  };

  const violate = (what: string): void => void violations.push(what);
  const count = (race: Race): void => void races.set(race, (races.get(race) ?? 0) + 1);
  const raced = (race: Race, address: string, cluster = '', node = ''): void => {
    count(race);
    unmended.set(address, { cluster, node, at: step() });
  };
  const judge = judging({ world, claims, isOldPlace });

  const onRemoved = (by: Acting, eni: NetworkInterface, address: Address): void => {
    const verdict = judge.removal(by, eni, address);
    if (verdict.kind === 'violation') violate(verdict.what);
    if (verdict.kind === 'race') {
      const { cluster, node } = verdict.holder;
      raced(verdict.race, address, cluster, node);
    }
    if (judge.isOwn(by, eni)) unread.add(by.life);
    else inTransit.set(address, by);
  };

  const onAdded = (by: Acting, eni: NetworkInterface, address: Address): void => {
    const taker = inTransit.get(address);
    inTransit.delete(address);
    if (taker !== undefined && taker.reading !== by.reading) {
      raced('between-unassign-and-assign', address, taker.reading?.cluster, taker.reading?.node);
    }
    const what = judge.addition(by, eni, address);
    if (what !== undefined) violate(what);
  };

  const changePlace = (): void => {
    placeChanged = { step: step(), at: world.clock.now() };
  };

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
        for (const address of had.difference(has)) onRemoved(by, eni, address);
        for (const address of has.difference(had)) onAdded(by, eni, address);
      }
      for (const address of had.difference(has)) claims.left(address, id);
    }
    if (acting === undefined) changePlace();
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
    died(life) {
      for (const [address, by] of inTransit) {
        if (by.life !== life) continue;
        inTransit.delete(address);
        raced('between-unassign-and-assign', address, by.reading?.cluster, by.reading?.node);
      }
      if (unread.delete(life)) count('before-read-back');
    },
    ended(life) {
      unread.delete(life);
      for (const [address, by] of inTransit) if (by.life === life) inTransit.delete(address);
    },
    reconciled(cluster, node, begun) {
      for (const [address, race] of unmended) {
        if (race.cluster !== cluster || race.node !== node || race.at >= begun) continue;
        unmended.delete(address);
        const waiting = judge.waiting(cluster, node, address, begun);
        if (waiting === undefined || inTransit.has(address)) continue;
        violate(
          `${address} was lost in a race, and the next reconcile of ${node} left ${waiting} without it`,
        );
      }
    },
    changePlace,
    violate,
    violations,
    races,
  };
}

interface Unmended {
  readonly cluster: string;
  readonly node: string;
  /** The step of the race. */
  readonly at: number;
}
