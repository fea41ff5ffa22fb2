import type { Address } from '../address.ts';
import type { RecordedAddress } from '../claims/pod-claims.ts';
import {
  type Entry,
  isTombstone,
  type LedgerReading,
  type LedgersReading,
} from '../cluster/ledgers.ts';
import type { Eni } from '../enis/eni.ts';
import { holds, inPrefixOf } from '../enis/eni-facts.ts';
import type { NodeClaimant, Whereabouts } from './speaker.ts';

/** The ledgers of some ENIs, as they were read. */
export interface Ledgers {
  /** Absent: there is no such ledger, which is an empty one. */
  of(eniId: string): LedgerReading | undefined;
}

export const NO_LEDGERS: Ledgers = { of: () => undefined };

/** The ledgers that were listed, or none that can be used. */
export function ledgersFrom(reading: LedgersReading): Ledgers {
  return { of: (id) => (reading.kind === 'unusable' ? reading : reading.byEni.get(id)) };
}

/** Whether the ledger of an ENI can be read and written: otherwise nothing is released there (rule L15). */
export function isUsable(ledgers: Ledgers, eniId: string): boolean {
  return ledgers.of(eniId)?.kind !== 'unusable';
}

/** What the ledger of an ENI says of an address; nothing if that ledger cannot be used. */
export function entryOf(ledgers: Ledgers, eniId: string, address: Address): Entry | undefined {
  const reading = ledgers.of(eniId);
  return reading?.kind === 'ledger' ? reading.ledger.entries.get(address) : undefined;
}

/** What ledgers say of each pod, by uid; what it has comes before what it had. */
export function recordedByPod(
  readings: ReadonlyMap<string, LedgerReading>,
): ReadonlyMap<string, readonly RecordedAddress[]> {
  const byPod = new Map<string, RecordedAddress[]>();
  for (const [eniId, reading] of readings) {
    if (reading.kind !== 'ledger') continue;
    for (const [address, entry] of reading.ledger.entries) {
      const { pod } = entry;
      if (pod === undefined) continue;
      const known = byPod.get(pod.uid) ?? [];
      byPod.set(pod.uid, known);
      const releasing = isTombstone(entry);
      if (releasing) known.push({ address, eniId, releasing });
      else known.unshift({ address, eniId, releasing });
    }
  }
  return byPod;
}

const recorded = new WeakMap<LedgersReading, ReturnType<typeof recordedByPod>>();

/** The same of all ledgers of a cluster, made once for all nodes. */
export function recordedIn(reading: LedgersReading): ReturnType<typeof recordedByPod> {
  const known =
    recorded.get(reading) ?? recordedByPod(reading.kind === 'unusable' ? new Map() : reading.byEni);
  recorded.set(reading, known);
  return known;
}

/** How long EC2's reads lag behind its writes at most: docs/design.md, rule L17. */
const SETTLES_MS = 15_000;

/**
 * ENIs as they are, if their read may be older than what the ledgers say. If EC2 took an address or let
 * go of it within some seconds before the read, the ledger decides whether it is on its ENI, whatever
 * the read shows.
 *
 * @param readAt when the ENIs were asked for, ms since the epoch.
 * @param mayHaveLost another node says that it took an address from one of these ENIs. It may not have written
 *   that into the ledger, so what EC2 does not show is not there.
 */
export function correctedBy(
  ledgers: Ledgers,
  enis: readonly Eni[],
  readAt: number,
  mayHaveLost = false,
): Eni[] {
  return enis.map((eni) => {
    const reading = ledgers.of(eni.id);
    if (!eni.managed || reading?.kind !== 'ledger') return eni;
    const recent = [...reading.ledger.entries].filter(([, { at }]) => at >= readAt - SETTLES_MS);
    const inState = (wanted: Entry['state']): Address[] =>
      recent.flatMap(([address, { state }]) => (state === wanted ? [address] : []));
    const gone = new Set(inState('released'));
    const shown = new Set([...eni.primary, ...eni.secondary]);
    const there = mayHaveLost
      ? []
      : inState('assigned').filter((each) => !shown.has(each) && !inPrefixOf(eni, each));
    if (gone.size + there.length === 0) return eni;
    return { ...eni, secondary: [...eni.secondary.filter((each) => !gone.has(each)), ...there] };
  });
}

/**
 * Where an address is on a node, and whom the ledgers name for it. If EC2 shows it on no ENI of the
 * node, or on one whose ledger has a tombstone, the read may be an old one. Then a claimant holds it
 * that another entry names as having it (docs/design.md, rule L12).
 *
 * @param enis those of the node, of one VPC.
 */
export function whereaboutsOf(
  ledgers: Ledgers,
  enis: readonly Eni[],
  {
    address,
    claimants,
  }: { readonly address: Address; readonly claimants: readonly NodeClaimant[] },
): Whereabouts & { readonly having: readonly Eni[] } {
  const having = enis.filter((eni) => holds(eni, address));
  const entriesOn = (on: readonly Eni[]) =>
    on.flatMap(({ id }) => entryOf(ledgers, id, address) ?? []);
  const names = ({ pod }: Entry, claimant: NodeClaimant) => pod?.uid === claimant.pod.uid;
  const isAsGoodAsThere = ({ state }: Entry, { terminating }: NodeClaimant) =>
    state === 'assigned' || (state === 'assigning' && !terminating);
  const there = entriesOn(having);
  const isRecorded = having.length === 0 || there.length > 0;
  const mayBeOld = isRecorded && there.every(isTombstone);
  const others = mayBeOld ? entriesOn(enis) : [];
  const unseen = (claimant: NodeClaimant) =>
    others.some((entry) => names(entry, claimant) && isAsGoodAsThere(entry, claimant));
  const shown = (claimant: NodeClaimant) => there.some((entry) => names(entry, claimant));
  return {
    having,
    on: new Set(having.map(({ id }) => id)),
    holds: claimants.some(unseen) ? unseen : shown,
  };
}
