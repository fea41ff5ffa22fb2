import { type Address, contains, familyOf } from '../../../../shared/address.ts';
import type { Entry, EntryState, LedgerReading } from '../../../../shared/cluster/ledgers.ts';
import type { Eni, InstanceLimits } from '../../../../shared/enis/eni.ts';
import { entryFor, outdatedEntries } from '../../../../shared/plan/entries.ts';
import { ledgersFrom } from '../../../../shared/plan/ledger.ts';
import { placedOf } from '../../../../shared/plan/place-claims.ts';
import {
  type Assign,
  type Decision,
  type Keep,
  type Move,
  type Verdict,
  type Wait,
  wanting,
} from '../../../../shared/plan/verdict.ts';
import { claimedIn } from '../../../../shared/plan/vpcs.ts';
import { isTombstone, type Said } from '../../../support/oracle/rightful.ts';
import { type PlanInput, planOf, recorded } from './fixtures.ts';

/**
 * EC2 as far as a plan sees it, as a pure function: strict, so that a plan which asks for what EC2
 * would refuse as a whole fails the test.
 */

export function hasAddress(eni: Eni, address: Address): boolean {
  return (
    eni.primary.includes(address) ||
    eni.secondary.includes(address) ||
    eni.prefixes.some((prefix) => contains(prefix, address))
  );
}

export function unassign(enis: readonly Eni[], eniId: string, address: Address): Eni[] {
  const eni = eniOf(enis, eniId);
  if (!eni.secondary.includes(address)) throw new Error(`${address} is not assigned to ${eniId}`);
  const secondary = eni.secondary.filter((each) => each !== address);
  return enis.map((each) => (each === eni ? { ...eni, secondary } : each));
}

/** `undefined` if another ENI has the address. */
export function assign(
  enis: readonly Eni[],
  eniId: string,
  address: Address,
  limits?: InstanceLimits,
): Eni[] | undefined {
  const eni = eniOf(enis, eniId);
  if (eni.secondary.includes(address)) return [...enis];
  if (enis.some((each) => hasAddress(each, address))) return undefined;
  const after = { ...eni, secondary: [...eni.secondary, address] };
  if (isOver(after, limits)) throw new Error(`${eniId} would exceed its limit with ${address}`);
  return enis.map((each) => (each === eni ? after : each));
}

type Entries = Map<Address, Entry>;

/** What is in the ledgers of a node's ENIs that can be used. */
function booksOf({ enis, ledgers }: Pick<PlanInput, 'enis' | 'ledgers'>): Map<string, Entries> {
  return new Map(
    enis.flatMap(({ id }) => {
      const reading = ledgers.of(id);
      const known = reading?.kind === 'ledger' ? reading.ledger.entries : [];
      return reading?.kind === 'unusable' ? [] : [[id, new Map(known)] as const];
    }),
  );
}

/** What ledgers say of the address, of the ENIs of a node. */
export function saidOf(
  { enis, ledgers }: Pick<PlanInput, 'enis' | 'ledgers'>,
  address: Address,
): Said[] {
  return enis.flatMap(({ id: eniId }): Said[] => {
    const reading = ledgers.of(eniId);
    const entry = reading?.kind === 'ledger' ? reading.ledger.entries.get(address) : undefined;
    if (entry === undefined) return [];
    return [{ eniId, state: entry.state, ...(entry.pod && { uid: entry.pod.uid }) }];
  });
}

/** The ledger of that ENI has a tombstone, so another one of the node may name who has the address (rule L12). */
export function mayBeElsewhere(node: PlanInput, eniId: string, address: Address): boolean {
  const said = saidOf(node, address);
  const there = said.find((each) => each.eniId === eniId);
  return isTombstone(there?.state) && said.some(({ state }) => !isTombstone(state));
}

/** A node with these ledgers, of its ENIs alone, as its claims know them. */
export function withReadings(
  node: Omit<PlanInput, 'ledgers'>,
  readings: ReadonlyMap<string, LedgerReading>,
): PlanInput {
  const own = new Map([...readings].filter(([id]) => node.enis.some((eni) => eni.id === id)));
  const pods = node.pods.map((pod) => {
    return { ...pod, claims: pod.claims.map(({ recordedOn: _, ...claim }) => claim) };
  });
  const ledgers = ledgersFrom({ kind: 'ledgers', byEni: own });
  return { ...node, pods: recorded(pods, own), ledgers };
}

/** The same node with other ENIs and entries; what cannot be used stays so. */
function withBooks(node: PlanInput, books: ReadonlyMap<string, Entries>): PlanInput {
  const readings = node.enis.flatMap(({ id: eniId }): [string, LedgerReading][] => {
    const entries = books.get(eniId);
    const before = node.ledgers.of(eniId);
    if (entries !== undefined) return [[eniId, { kind: 'ledger', ledger: { eniId, entries } }]];
    return before === undefined ? [] : [[eniId, before]];
  });
  return withReadings(node, new Map(readings));
}

/** An entry that is written before EC2 is asked; `undefined`: it goes. */
export interface Write {
  readonly eniId: string;
  readonly address: Address;
  readonly entry: Entry | undefined;
}

/** What is written of a decision before EC2 is asked, into ledgers that can be used. */
export function writesOf(
  node: PlanInput,
  { verdicts }: Pick<Decision, 'verdicts'>,
  { enisReadAt, now }: { readonly enisReadAt: number; readonly now: number },
): Write[] {
  const books = booksOf(node);
  const isClaimed = claimedIn(placedOf(node), node.enis);
  const outdated = node.enis.flatMap((eni): Write[] => {
    const eniId = eni.id;
    const ledger = { eniId, entries: books.get(eniId) ?? new Map() };
    const changes = outdatedEntries(ledger, eni, { now, enisReadAt, isClaimed });
    return [...changes].map(([address, entry]) => ({ eniId, address, entry }));
  });
  const of = (eniId: string, address: Address, verdict: Verdict): Write[] => {
    const book = books.get(eniId);
    const entry = book && entryFor(verdict, book.get(address), now);
    return entry === undefined ? [] : [{ eniId, address, entry }];
  };
  const spoken = wanting(verdicts, 'keep', 'assign', 'move', 'wait', 'release');
  return [
    ...outdated,
    ...spoken.flatMap((verdict) => of(verdict.eniId, verdict.address, verdict)),
    ...wanting(verdicts, 'move').flatMap(({ address, from: eniId }) =>
      of(eniId, address, { want: 'release', address, eniId }),
    ),
  ];
}

/**
 * Acts on a decision as the rules L5 to L10 say: writes ledgers, unassigns, assigns, then what waits for the room
 * of what was refused. What is on an ENI elsewhere is refused, and its entry a tombstone.
 *
 * @param all ENIs that there are, those of the node among them.
 */
export function acted(
  all: readonly Eni[],
  node: PlanInput,
  { verdicts }: Decision,
  now = 0,
): {
  readonly enis: readonly Eni[];
  readonly node: PlanInput;
  readonly refused: readonly Assign[];
} {
  let enis = [...all];
  const books = booksOf(node);
  const write = (eniId: string, address: Address, entry: Entry | undefined): void => {
    if (entry !== undefined) books.get(eniId)?.set(address, entry);
  };
  const tombstone = (eniId: string, address: Address, state: EntryState = 'releasing'): void => {
    const entry = books.get(eniId)?.get(address);
    write(eniId, address, { ...entry, state, at: now });
  };
  const release = (eniId: string, address: Address): void => {
    enis = unassign(enis, eniId, address);
    tombstone(eniId, address, 'released');
  };
  const took = ({ address, claim, eniId }: Assign | Move | Wait | Keep): void =>
    write(eniId, address, { state: 'assigned', at: now, pod: claim.pod });

  for (const { address, eniId, entry } of writesOf(node, { verdicts }, { now, enisReadAt: now })) {
    if (entry === undefined) books.get(eniId)?.delete(address);
    else write(eniId, address, entry);
  }
  for (const { address, eniId } of wanting(verdicts, 'release')) release(eniId, address);
  for (const { address, from } of wanting(verdicts, 'move')) release(from, address);
  const refused: Assign[] = [];
  for (const verdict of [...wanting(verdicts, 'move'), ...wanting(verdicts, 'assign')]) {
    const after = assign(enis, verdict.eniId, verdict.address, node.limits);
    if (after !== undefined) {
      enis = after;
      took(verdict);
    } else if (verdict.want === 'assign') {
      refused.push(verdict);
      tombstone(verdict.eniId, verdict.address);
    }
  }
  for (const verdict of wanting(verdicts, 'keep').filter(({ again }) => again)) took(verdict);
  for (const verdict of wanting(verdicts, 'wait')) {
    const { address, eniId } = verdict;
    const room = roomOf(eniOf(enis, eniId), familyOf(address), node.limits);
    const after = room > 0 ? assign(enis, eniId, address, node.limits) : undefined;
    if (after === undefined) tombstone(eniId, address);
    else took(verdict);
    enis = after ?? enis;
  }
  const byId = new Map(enis.map((eni) => [eni.id, eni]));
  const own = node.enis.map((eni) => byId.get(eni.id) ?? eni);
  return { enis, node: withBooks({ ...node, enis: own }, books), refused };
}

/** The node after its decision was acted on. */
export const settled = (node: PlanInput, now = 0): PlanInput =>
  acted(node.enis, node, planOf(node), now).node;

/** A take-over's part in the ledgers: rule L14 for the ENI that had it, rule L6 for the one that has it now. */
export function withEntry(
  node: PlanInput,
  eniId: string,
  address: Address,
  entry: (before: Entry | undefined) => Entry,
): PlanInput {
  const books = booksOf(node);
  const book = books.get(eniId);
  book?.set(address, entry(book.get(address)));
  return withBooks(node, books);
}

export function isOver(eni: Eni, limits?: InstanceLimits): boolean {
  return ([4, 6] as const).some((family) => roomOf(eni, family, limits) < 0);
}

/** How many more addresses of the family the ENI takes. */
export function roomOf(eni: Eni, family: 4 | 6, limits?: InstanceLimits): number {
  if (limits === undefined) return Number.POSITIVE_INFINITY;
  const addresses = [...eni.primary, ...eni.secondary].filter((each) => familyOf(each) === family);
  const prefixes = eni.prefixes.filter((prefix) => prefix.family === family);
  return (family === 4 ? limits.ipv4 : limits.ipv6) - addresses.length - prefixes.length;
}

function eniOf(enis: readonly Eni[], eniId: string): Eni {
  const eni = enis.find(({ id }) => id === eniId);
  if (eni === undefined) throw new Error(`there is no ENI ${eniId}`);
  return eni;
}

/** An instance never has more addresses than its type takes. */
export function notBelow(limits: InstanceLimits, enis: readonly Eni[]): InstanceLimits {
  const most = (count: (eni: Eni) => number): number => Math.max(...enis.map(count));
  const isIpv6 = (each: Address): boolean => each.includes(':');
  const ipv4 = most(
    ({ primary, secondary, prefixes }) =>
      primary.length + secondary.filter((each) => !isIpv6(each)).length + prefixes.length,
  );
  const ipv6 = most(({ secondary }) => secondary.filter(isIpv6).length);
  return { ipv4: Math.max(limits.ipv4, ipv4), ipv6: Math.max(limits.ipv6, ipv6) };
}
