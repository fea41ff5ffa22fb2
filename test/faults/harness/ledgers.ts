import type { NetworkInterface } from '../../../sandbox/ec2/model.ts';
import { fieldAt, isRecord, type KubeObject } from '../../../sandbox/kubernetes/object.ts';
import type { Change } from '../../../sandbox/kubernetes/store.ts';
import type { VirtualCluster, VirtualWorld } from '../world/world.ts';
import { addressesOf } from './places.ts';

/** What the ENILedger objects say right now, read anew: docs/design.md, rules L1, L2, L9, L10 and L16. */

/** One address in the ledger of one ENI, as the object words it. */
export interface Entry {
  readonly state: string;
  /** ms. */
  readonly at: number;
  /** The uid of the pod that it names. */
  readonly uid?: string;
}

const NOTHING: ReadonlyMap<string, Entry> = new Map();
/** Objects never change, they are replaced: each is read once. By uid, and the newest. */
const known = new Map<string, { object: KubeObject; entries: ReadonlyMap<string, Entry> }>();
const REMEMBERED = 500;

function entriesIn(object: KubeObject | undefined): ReadonlyMap<string, Entry> {
  if (object === undefined) return NOTHING;
  const { uid } = object.metadata;
  const found = known.get(uid);
  if (found?.object === object) return found.entries;
  const { addresses } = object;
  const entries = new Map(
    Object.entries(isRecord(addresses) ? addresses : {}).map(([address, entry]) => {
      const state = String(fieldAt(entry, 'state'));
      const named = fieldAt(entry, 'pod.uid');
      const at = Date.parse(String(fieldAt(entry, 'at')));
      return [address, { state, at, ...(typeof named === 'string' && { uid: named }) }] as const;
    }),
  );
  if (known.size >= REMEMBERED) known.clear();
  known.set(uid, { object, entries });
  return entries;
}

/** What the clusters' ledgers say of an ENI. */
export function entriesOf({ clusters }: VirtualWorld, eniId: string): ReadonlyMap<string, Entry> {
  for (const { api } of clusters.values()) {
    const object = api.store.get('eniledgers', undefined, eniId);
    if (object !== undefined) return entriesIn(object);
  }
  return NOTHING;
}

/** The ENIs whose ledgers name a pod for an address: those where it has it before those where it had it. */
export function recordedOn(
  { api }: Pick<VirtualCluster, 'api'>,
  uid: string,
  address: string,
): readonly string[] {
  const named = api.store.list('eniledgers').flatMap((object) => {
    const entry = entriesIn(object).get(address);
    return entry?.uid === uid ? [{ eniId: object.metadata.name, entry }] : [];
  });
  return [
    ...named.filter(({ entry }) => !isTombstone(entry)),
    ...named.filter(({ entry }) => isTombstone(entry)),
  ].map(({ eniId }) => eniId);
}

export function isTombstone({ state }: Pick<Entry, 'state'>): boolean {
  return state === 'Releasing' || state === 'Released';
}

/** A tombstone stays for so long. */
const TOMBSTONE_MS = 120_000;

/** Which addresses are ours, as their ENIs and their ledgers have shown. */
export interface Ours {
  /** The functions put it there, or a ledger has had it since it is there. */
  has(eniId: string, address: string): boolean;
  /** The functions assigned it. */
  assigned(eniId: string, address: string): void;
  /** It is on that ENI no more. */
  left(eniId: string, address: string): void;
  /** Somebody changes a ledger by hand: what it says counts from then on, and what it does not say is not ours. */
  tampered(eniId: string): void;
  /** The step at which somebody last changed that ledger by hand; -1: never. */
  tamperedAt(eniId: string): number;
  /** The product writes a ledger. */
  written(change: Change): void;
}

export function watchOurs(
  world: VirtualWorld,
  step: () => number,
  violate: (what: string) => void,
): Ours {
  const assigned = new Set<string>();
  const tampered = new Map<string, number>();
  const key = (eniId: string, address: string): string => `${eniId} ${address}`;
  return {
    has: (eniId, address) =>
      assigned.has(key(eniId, address)) || entriesOf(world, eniId).has(address),
    assigned: (eniId, address) => void assigned.add(key(eniId, address)),
    left: (eniId, address) => void assigned.delete(key(eniId, address)),
    tampered(eniId) {
      tampered.set(eniId, step());
      for (const each of assigned) if (each.startsWith(`${eniId} `)) assigned.delete(each);
    },
    tamperedAt: (eniId) => tampered.get(eniId) ?? -1,
    written({ object, previous, type }) {
      const { name } = object.metadata;
      const eni = world.ec2.snapshot().enis.get(name);
      if (type === 'DELETED') {
        if (eni !== undefined) violate(`the ledger of ${name} was deleted, and there is that ENI`);
        return;
      }
      const now = entriesIn(object);
      const before = entriesIn(previous);
      const there = new Set<string>(eni && addressesOf(eni));
      for (const [address, entry] of now) {
        if (!there.has(address)) continue;
        const isOurs = before.has(address) || assigned.has(key(name, address));
        if (!isOurs && isTombstone(entry) && !tampered.has(name)) {
          violate(`the ledger of ${name} has ${address} released, which was never ours`);
        }
        assigned.add(key(name, address));
      }
      for (const [address, entry] of before) {
        if (now.has(address)) continue;
        const text = `the ledger of ${name} lost ${address}, which is ${entry.state}`;
        const age = world.clock.now() - entry.at;
        if (!isTombstone(entry) || age < TOMBSTONE_MS) violate(`${text} since ${age} ms`);
        if (there.has(address) && assigned.has(key(name, address))) {
          violate(`${text}, and the ENI has it`);
        }
      }
    },
  };
}

/** All entries but tombstones, by ENI and address. */
export function entriesAtRest({ clusters }: VirtualWorld): ReadonlyMap<string, Entry> {
  const ledgers = [...clusters.values()].flatMap(({ api }) => api.store.list('eniledgers'));
  return new Map(
    ledgers.flatMap((object) =>
      [...entriesIn(object)]
        .filter(([, entry]) => !isTombstone(entry))
        .map(([address, entry]) => [`${object.metadata.name} ${address}`, entry] as const),
    ),
  );
}

/**
 * Whether entries change at rest. One that is `Assigning` may go: its pod was told that another pod has the
 * address while the ledger could not be written, so that the next look makes a tombstone of it (rule L6).
 */
export function isChanged(
  before: ReadonlyMap<string, Entry>,
  after: ReadonlyMap<string, Entry>,
): boolean {
  const isSame = (a: Entry, b: Entry | undefined): boolean =>
    a.state === b?.state && a.at === b.at && a.uid === b.uid;
  return (
    [...after].some(([key, entry]) => !isSame(entry, before.get(key))) ||
    [...before].some(([key, { state }]) => state !== 'Assigning' && !after.has(key))
  );
}

/** What a ledger says at rest, after a sweep, and should not: rules L7 and L8. */
export function wrongEntries(
  { ec2, clusters }: VirtualWorld,
  claimsOf: (eni: NetworkInterface, address: string) => 'none' | 'one' | 'others',
): string[] {
  const { enis } = ec2.snapshot();
  return [...clusters.values()].flatMap(({ api }) =>
    api.store.list('eniledgers').flatMap((object) => {
      const { name } = object.metadata;
      const eni = enis.get(name);
      if (eni === undefined) return [];
      const has = new Set<string>(addressesOf(eni));
      return [...entriesIn(object)].flatMap(([address, entry]) => {
        const claims = claimsOf(eni, address);
        const text = `the ledger of ${name} says ${entry.state} of ${address}`;
        if (claims === 'none' && !isTombstone(entry))
          return [`${text}, and nobody claims it there`];
        const isKept = claims === 'one' && has.has(address);
        return isKept && entry.state !== 'Assigned' ? [`${text}, which a pod has there`] : [];
      });
    }),
  );
}
