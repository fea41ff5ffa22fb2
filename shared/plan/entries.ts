import type { Address } from '../address.ts';
import {
  type Entries,
  type Entry,
  type EntryState,
  isTombstone,
  type Ledger,
} from '../cluster/ledgers.ts';
import type { Eni } from '../enis/eni.ts';
import type { PlacedClaim } from './place-claims.ts';
import type { Verdict } from './verdict.ts';

/**
 * A tombstone goes this long (ms) after it was written: EC2's reads do not lag that much, and no call of an
 * execution is that late (docs/design.md, rule L9).
 */
const TOMBSTONE_MS = 2 * 60_000;

/** What a ledger's entries are decided by. */
export interface LedgerBasis {
  /** Milliseconds since the epoch. */
  readonly now: number;
  /** When the ENIs were asked for, ms since the epoch. */
  readonly enisReadAt: number;
  /** Whether a live pod of the node claims an address on this ENI. */
  readonly isClaimed: (address: Address, eni: Eni) => boolean;
}

/** Entries that are to be written; `undefined` stands for none. */
export type Changes = ReadonlyMap<Address, Entry | undefined>;

/**
 * The entries of an ENI's ledger that are out of date, whatever is to be done. An address that EC2 does
 * not show and nobody claims becomes a tombstone. A tombstone goes when it is old enough
 * (docs/design.md, rules L8 and L9). Pure.
 */
export function outdatedEntries(
  { entries }: Ledger,
  eni: Eni,
  { enisReadAt, isClaimed, now }: LedgerBasis,
): Changes {
  const changes = new Map<Address, Entry | undefined>();
  for (const [address, entry] of entries) {
    if (eni.secondary.includes(address) || isClaimed(address, eni)) continue;
    if (!isTombstone(entry)) {
      changes.set(address, { ...entry, state: 'releasing', at: now });
    } else if (entry.at + TOMBSTONE_MS < enisReadAt) {
      changes.set(address, undefined);
    }
  }
  return changes;
}

/**
 * What is to stand in the ledger of an ENI before a verdict is acted on or told (docs/design.md, rules L5 to
 * L8 and L11). Pure.
 *
 * @returns nothing if the entry says so already.
 */
export function entryFor(
  verdict: Verdict,
  entry: Entry | undefined,
  now: number,
): Entry | undefined {
  switch (verdict.want) {
    case 'keep': {
      if (verdict.withinPrefix) return undefined;
      const { pod, terminating } = verdict.claim;
      if (verdict.again) return assigningFor(verdict.claim, entry, now);
      // A terminating pod acquires nothing: what was not finished for it stays so.
      if (entry !== undefined && entry.state !== 'assigned' && terminating) return undefined;
      return entry?.state === 'assigned' && entry.pod?.uid === pod.uid
        ? undefined
        : { state: 'assigned', at: now, pod };
    }
    case 'assign':
    case 'move':
    case 'wait':
      return assigningFor(verdict.claim, entry, now);
    case 'release':
      return { ...entry, state: 'releasing', at: now };
    default:
      return undefined;
  }
}

/**
 * What is to stand there before EC2 is asked for an address. What is `assigned` for this pod already is never
 * turned back (docs/design.md, rule L6): nothing changes then.
 */
export function assigningFor(
  { pod }: Pick<PlacedClaim, 'pod'>,
  entry: Entry | undefined,
  now: number,
): Entry | undefined {
  const isAssigned = entry?.state === 'assigned' && entry.pod?.uid === pod.uid;
  return isAssigned ? undefined : { state: 'assigning', at: now, pod };
}

/** What EC2 answered about an address, and by which kind of call. */
export interface Settled {
  readonly call: 'assign' | 'unassign';
  readonly state: EntryState;
}

/**
 * What is to be written after EC2 has answered. An entry that is no longer as written says that another
 * execution was at work. Then nobody knows what EC2 has, so the address is looked at again
 * (docs/design.md, rule L10). Pure.
 */
export function settledEntries(
  written: Entries,
  current: Entries,
  settled: ReadonlyMap<Address, Settled>,
  now: number,
): { readonly changes: Changes; readonly others: boolean } {
  const changes = new Map<Address, Entry>();
  let others = false;
  for (const [address, { call, state }] of settled) {
    const [ours, entry] = [written.get(address), current.get(address)];
    if (isSame(ours, entry)) {
      if (entry !== undefined && entry.state !== state) {
        changes.set(address, { ...entry, state, at: now });
      }
      continue;
    }
    others = true;
    const pod = entry?.pod ?? ours?.pod;
    const again = call === 'assign' ? 'assigning' : 'releasing';
    changes.set(address, { state: again, at: now, ...(pod === undefined ? {} : { pod }) });
  }
  return { changes, others };
}

function isSame(a: Entry | undefined, b: Entry | undefined): boolean {
  return a?.state === b?.state && a?.at === b?.at && a?.pod?.uid === b?.pod?.uid;
}

/** The entries with changes. */
export function withChanges(entries: Entries, changes: Changes): Entries {
  const changed = new Map(entries);
  for (const [address, entry] of changes) {
    if (entry === undefined) changed.delete(address);
    else changed.set(address, entry);
  }
  return changed;
}
