import type { NetworkInterface } from '../../../sandbox/ec2/model.ts';
import type { Change } from '../../../sandbox/ec2/store.ts';
import { MANAGED_TAG } from '../../../sandbox/worker.ts';
import type { VirtualWorld } from '../world/world.ts';
import { type Claims, eniOf, instanceOf, type KnownClaim, passesOn } from './claims.ts';
import { hasRoom } from './drift.ts';
import type { Life } from './life.ts';
import type { Reading } from './reconciles.ts';

/** Who makes a call that may change EC2, and what it had read when it sent it. */
export interface Acting {
  readonly life: Life;
  readonly reading: Reading | undefined;
  /** When pods of each node were listed, and each ENI described. */
  readonly listed: ReadonlyMap<string, number>;
  readonly described: ReadonlyMap<string, number>;
}

/** The races that no order of calls can exclude (DESIGN.md, end of "Schedules"). */
export type Race = 'claimed-after-the-list' | 'between-unassign-and-assign' | 'before-read-back';

export interface Invariants {
  /** Runs a call's effect, and judges what it changes. */
  act<T>(acting: Acting, effect: () => T): T;
  /** A process has ended in the midst of something. */
  died(life: Life): void;
  /** Its invocation is over, and nothing of it is under way. */
  ended(life: Life): void;
  /** A reconcile of a node that began at a step has come to its end, all of its reads being current. */
  reconciled(cluster: string, node: string, begun: number): void;
  violate(what: string): void;
  readonly violations: readonly string[];
  readonly races: ReadonlyMap<Race, number>;
}

/** Watches every change of EC2: (a) and (b) of what must hold at every step. */
export function watchInvariants(
  world: VirtualWorld,
  claims: Claims,
  step: () => number,
): Invariants {
  const violations: string[] = [];
  const races = new Map<Race, number>();
  /** Addresses between a take-over's unassign and its assign, and who takes them. */
  const inTransit = new Map<string, Acting>();
  const unread = new Set<Life>();
  /** Whose next reconcile mends a race, by address. */
  const unmended = new Map<string, Unmended>();
  let acting: Acting | undefined;

  const violate = (what: string): void => void violations.push(what);
  const count = (race: Race): void => void races.set(race, (races.get(race) ?? 0) + 1);
  const raced = (race: Race, address: string, cluster = '', node = ''): void => {
    count(race);
    unmended.set(address, { cluster, node, at: step() });
  };
  const judge = judging(world, claims);

  const onRemoved = (by: Acting, eni: NetworkInterface, address: string): void => {
    const verdict = judge.removal(by, eni, address);
    if (verdict.kind === 'violation') violate(verdict.what);
    if (verdict.kind === 'race') {
      const { cluster, node } = verdict.holder;
      raced('claimed-after-the-list', address, cluster, node);
    }
    if (judge.isOwn(by, eni)) unread.add(by.life);
    else inTransit.set(address, by);
  };

  const onAdded = (by: Acting, eni: NetworkInterface, address: string): void => {
    const taker = inTransit.get(address);
    inTransit.delete(address);
    if (taker !== undefined && taker.reading !== by.reading) {
      raced('between-unassign-and-assign', address, taker.reading?.cluster, taker.reading?.node);
    }
    const what = judge.addition(by, eni, address);
    if (what !== undefined) violate(what);
  };

  world.ec2.onChange(({ before, after }: Change) => {
    if (acting === undefined) return;
    for (const [id, eni] of after.enis) {
      const old = before.enis.get(id);
      if (old === eni) continue;
      const what = old === undefined ? `${id} was made` : judge.scope(acting, old, eni);
      if (what !== undefined) violate(what);
      const [had, has] = [addressesOf(old), addressesOf(eni)];
      for (const address of had) if (!has.has(address)) onRemoved(acting, eni, address);
      for (const address of has) if (!had.has(address)) onAdded(acting, eni, address);
    }
    if (before.enis.size !== after.enis.size) violate('the number of ENIs changed');
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

function addressesOf(eni: NetworkInterface | undefined): Set<string> {
  return new Set([...(eni?.secondary ?? []), ...(eni?.ipv6 ?? [])]);
}

type Verdict =
  | { readonly kind: 'right' }
  | { readonly kind: 'race'; readonly holder: KnownClaim }
  | { readonly kind: 'violation'; readonly what: string };

const RIGHT: Verdict = { kind: 'right' };

function judging(world: VirtualWorld, claims: Claims) {
  /** The ENI is one of the node that the reconcile is for, even if that Node has just gone. */
  const isOwn = ({ reading }: Acting, eni: NetworkInterface): boolean => {
    const cluster = world.clusters.get(reading?.cluster ?? '');
    const worker = cluster?.workerOf(eni.attachment?.instanceId);
    return worker !== undefined && worker === reading?.node;
  };

  const nodeOf = (eni: NetworkInterface): string | undefined => {
    const instanceId = eni.attachment?.instanceId;
    for (const cluster of world.clusters.values()) {
      for (const { metadata } of cluster.api.objects.list('nodes')) {
        if (instanceOf(cluster, metadata.name) === instanceId) return metadata.name;
      }
    }
    return undefined;
  };

  /** Nothing but the secondary addresses of a managed ENI of the reconcile's cluster. */
  const scope = (by: Acting, old: NetworkInterface, eni: NetworkInterface): string | undefined => {
    const who = `${by.life.program} of cluster ${by.reading?.cluster}`;
    if (by.life.program !== 'reconcile') return `the ${who} wrote to ${eni.id}`;
    const { secondary: _, ipv6: __, elasticIps: ___, ...rest } = old;
    const { secondary: ____, ipv6: _____, elasticIps: ______, ...now } = eni;
    if (
      !Object.entries(rest).every(([key, value]) =>
        Object.entries(now).some(([k, v]) => k === key && v === value),
      )
    ) {
      return `the ${who} changed more of ${eni.id} than its secondary addresses`;
    }
    const managed = Object.entries(MANAGED_TAG).every(([key, tag]) => eni.tags.get(key) === tag);
    if (!managed || eni.attachment?.deviceIndex === 0) {
      return `the ${who} wrote to ${eni.id}, which is not managed`;
    }
    if (!eni.tags.has(`kubernetes.io/cluster/${by.reading?.cluster}`)) {
      return `the ${who} wrote to ${eni.id} of another cluster`;
    }
    return undefined;
  };

  /** The claims of an address as they were at a step, or have become since. */
  const versions = (step: number, address: string): readonly KnownClaim[] => [
    ...claims.live(address),
    ...claims.endedSince(step, address),
  ];

  /** Live pods that hold the address on that ENI, or would if their node were there. */
  const holdersOn = (eni: NetworkInterface, node: string | undefined, address: string) =>
    claims
      .live(address)
      .filter((claim) =>
        node === undefined ? eniOf(world, claim) === undefined : eniOf(world, claim) === eni.id,
      );

  /** Whether a holder, as the reconcile may have seen it, passes the address on to a pod of its node. */
  const passes = (by: Acting, eni: NetworkInterface, holder: KnownClaim): boolean => {
    const listed = by.listed.get(holder.node) ?? by.listed.get('*');
    const known = versions(listed ?? 0, holder.address);
    const takers = known.filter(
      (claim) =>
        claim.uid !== holder.uid &&
        claim.node === by.reading?.node &&
        (!isOwn(by, eni) || eniOf(world, claim) !== eni.id),
    );
    return known.some(
      (version) => version.uid === holder.uid && takers.some((taker) => passesOn(version, taker)),
    );
  };

  const removal = (by: Acting, eni: NetworkInterface, address: string): Verdict => {
    const node = nodeOf(eni);
    const holders = holdersOn(eni, node, address);
    // Of several on one ENI it is one that speaks, by what they were told and by their age.
    const [first] = holders;
    if (first === undefined || holders.some((holder) => passes(by, eni, holder))) return RIGHT;
    for (const holder of holders) {
      const listed = by.listed.get(holder.node) ?? by.listed.get('*');
      const read = Math.max(listed ?? 0, by.described.get(eni.id) ?? 0);
      if (listed !== undefined && holder.from >= read) continue;
      const what = `${address} was unassigned from ${eni.id} (${node}) by the reconcile of ${by.reading?.node}`;
      const why = listed === undefined ? 'whose pods it did not ask for' : 'who claimed it before';
      return { kind: 'violation', what: `${what}: it is held by ${holder.pod}, ${why}` };
    }
    return { kind: 'race', holder: first };
  };

  const addition = (by: Acting, eni: NetworkInterface, address: string): string | undefined => {
    const { node, first } = by.reading ?? {};
    const text = `${address} was assigned to ${eni.id} by the reconcile of ${node}`;
    if (!isOwn(by, eni)) return `${text}, which is another's`;
    const listed = first?.get(node ?? '');
    if (listed === undefined) return `${text}: it did not ask for the pods of that node`;
    const claimed = versions(listed, address).filter(
      (claim) => claim.node === node && claim.deviceIndex === eni.attachment?.deviceIndex,
    );
    if (claimed.length === 0) return `${text}: no pod claims it there`;
    return claimed.some(({ terminating }) => !terminating)
      ? undefined
      : `${text}: who claims it there is terminating, and acquires nothing`;
  };

  /** A pod of the node that has claimed the address since before, and could have it: nobody has it. */
  const waiting = (
    cluster: string,
    node: string,
    address: string,
    since: number,
  ): string | undefined => {
    const enis = [...world.ec2.snapshot().enis.values()];
    if (enis.some((eni) => addressesOf(eni).has(address))) return undefined;
    return claims
      .live(address)
      .find(
        (claim) =>
          claim.cluster === cluster &&
          claim.node === node &&
          !claim.terminating &&
          claim.from < since &&
          hasRoom(world, eniOf(world, claim), address),
      )?.pod;
  };

  return { isOwn, scope, removal, addition, waiting };
}
