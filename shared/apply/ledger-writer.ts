import type { Address } from '../address.ts';
import type { Entry, EntryState, Ledger, Signature } from '../cluster/ledgers.ts';
import { type Changes, withChanges } from '../plan/entries.ts';
import type { ClusterAccess } from '../state/cluster-access.ts';
import type { NodeState } from '../state/node-state.ts';
import { allEnded } from '../time/all-ended.ts';
import { StalePodsError } from './release.ts';

/** How often a ledger that others keep writing is tried again after EC2 has answered. */
const MOST_TRIES = 5;

/** A ledger is not as it was read: nothing that rests on it is sent or told. */
export class StaleLedgerError extends StalePodsError {}

/** What EC2 answered about an address, and by which kind of call. */
export interface Settled {
  readonly call: 'assign' | 'unassign';
  readonly state: EntryState;
}

/** Writes the ledgers of one act: before EC2 is asked, and after EC2 has answered. */
export interface LedgerWriter {
  /**
   * Writes an ENI's ledger with these entries, if nobody wrote it since it was read. What is asked for side by
   * side is one write.
   *
   * @param must also if no entry changes: what is sent or told rests on it (docs/design.md, rule L5).
   * @returns false if the ledger cannot be used: then only what nobody has may be assigned (rule L15).
   * @throws StaleLedgerError if somebody else wrote it, or it cannot be written: the caller reads again.
   */
  before(eniId: string, changes: Changes, must: boolean): Promise<boolean>;
  /** What goes with the next write of an ENI's ledger, if there is one. */
  along(eniId: string, changes: Changes): void;
  /** Notes what EC2 answered. */
  settle(eniId: string, address: Address, settled: Settled): void;
  /** Notes that an address was unassigned from another node's ENI (rule L14). */
  takenFrom(eniId: string, address: Address): void;
  /** Writes what was noted of other nodes' ENIs, whatever their ledgers say by now, and also if time is up. */
  mark(): Promise<void>;
  /**
   * Writes what was noted of the node's own ENIs.
   *
   * @throws StaleLedgerError if somebody else wrote one of these entries meanwhile (rule L10).
   */
  after(): Promise<void>;
}

interface Cell {
  ledger: Ledger;
  usable: boolean;
  pending: Map<Address, Entry | undefined>;
  /** The write that has yet to begin. */
  next?: Promise<boolean> | undefined;
  /** The last one that began. */
  last: Promise<unknown>;
  readonly settled: Map<Address, Settled>;
}

interface Writing {
  /** Who signs: the id of the request. */
  readonly by: string;
  /** Is told of an ENI whose ledger cannot be written. */
  readonly onRefused: (eniId: string) => void;
  readonly signal?: AbortSignal;
}

/** The writer of one node's act. */
export function ledgerWriter(
  { clock, cluster, kubernetes, telemetry }: ClusterAccess,
  { instanceId, ledgers, node }: Pick<NodeState, 'instanceId' | 'ledgers' | 'node'>,
  { by, onRefused, signal }: Writing,
): LedgerWriter {
  const cells = new Map<string, Cell>();
  const taken = new Map<string, Set<Address>>();
  const signature = (): Signature => ({ at: clock.now(), by, node, instanceId });

  const cellOf = (eniId: string): Cell => {
    const reading = ledgers.of(eniId) ?? { kind: 'ledger', ledger: { eniId, entries: new Map() } };
    const known = cells.get(eniId) ?? {
      ledger: reading.kind === 'ledger' ? reading.ledger : { eniId, entries: new Map() },
      usable: reading.kind === 'ledger',
      pending: new Map<Address, Entry | undefined>(),
      last: Promise.resolve(),
      settled: new Map<Address, Settled>(),
    };
    cells.set(eniId, known);
    return known;
  };
  const refused = (eniId: string, detail: string): void => {
    const text = 'an ENILedger cannot be written: only what nobody has is assigned on its ENI';
    telemetry.warn(text, { cluster, node, eniId }, { detail });
    telemetry.metric('LedgerUnusable', cluster, 1);
    onRefused(eniId);
  };
  const write = async (cell: Cell): Promise<boolean> => {
    const { ledger, pending } = cell;
    cell.pending = new Map();
    const entries = withChanges(ledger.entries, pending);
    const writing = await kubernetes.writeLedger({ ...ledger, entries }, signature(), signal);
    if (writing.kind === 'conflict') {
      throw new StaleLedgerError(`the ledger of ${ledger.eniId} was written by somebody else`);
    }
    if (writing.kind === 'written') {
      cell.ledger = writing.ledger;
      return true;
    }
    cell.usable = false;
    refused(ledger.eniId, writing.detail);
    throw new StaleLedgerError(
      `the ledger of ${ledger.eniId} cannot be written: ${writing.detail}`,
    );
  };

  return {
    async before(eniId, changes, must) {
      const cell = cellOf(eniId);
      if (!cell.usable) return false;
      for (const [address, entry] of changes) cell.pending.set(address, entry);
      // Nothing was ever written there, and nothing is to be.
      const isNew =
        cell.ledger.version === undefined && [...cell.pending.values()].every((each) => !each);
      if (isNew || (changes.size === 0 && !must)) return true;
      cell.next ??= cell.last.then(() => {
        cell.next = undefined;
        const writing = write(cell);
        cell.last = writing.catch(() => undefined);
        return writing;
      });
      return cell.next;
    },

    along(eniId, changes) {
      const { pending } = cellOf(eniId);
      for (const [address, entry] of changes) pending.set(address, entry);
    },

    settle(eniId, address, settled) {
      const cell = cellOf(eniId);
      // What was looked up, and not asked for, has none.
      if (cell.ledger.entries.has(address)) cell.settled.set(address, settled);
    },

    takenFrom(eniId, address) {
      const addresses = taken.get(eniId) ?? new Set();
      taken.set(eniId, addresses.add(address));
    },

    async mark() {
      await allEnded(
        [...taken].map(([eniId, addresses]) =>
          rewrite(eniId, {}, (ledger) => {
            const changes = new Map<Address, Entry>();
            for (const address of addresses) {
              const entry = ledger.entries.get(address);
              const tombstone = { ...entry, state: 'releasing', at: clock.now() } as const;
              if (entry !== undefined) changes.set(address, tombstone);
            }
            return changes;
          }),
        ),
      );
    },

    async after() {
      const changed: string[] = [];
      await allEnded(
        [...cells].map(async ([eniId, { ledger, settled, usable }]) => {
          if (!usable || settled.size === 0) return;
          const written = ledger.entries;
          await rewrite(eniId, { known: ledger, signal }, (current) => {
            const { changes, others } = settledEntries(
              written,
              current.entries,
              settled,
              clock.now(),
            );
            if (others) changed.push(eniId);
            return changes;
          });
        }),
      );
      const [first] = changed;
      if (first === undefined) return;
      throw new StaleLedgerError(`the ledger of ${first} was written by somebody else meanwhile`);
    },
  };

  /** Changes a ledger, however often others write it meanwhile. */
  async function rewrite(
    eniId: string,
    { known, signal }: { readonly known?: Ledger; readonly signal?: AbortSignal | undefined },
    change: (ledger: Ledger) => Changes,
  ): Promise<void> {
    let ledger = known;
    let isFresh = false;
    for (let tries = 0; tries < MOST_TRIES; tries += 1) {
      if (ledger === undefined) {
        const reading = await kubernetes.readLedger(eniId, signal);
        if (reading.kind === 'unusable') {
          refused(eniId, reading.detail);
          return;
        }
        ledger = reading.ledger;
        isFresh = true;
      }
      const changes = change(ledger);
      if (changes.size === 0) {
        if (isFresh) return;
        // Nobody has said yet that it is still what was written.
        ledger = undefined;
        continue;
      }
      const entries = withChanges(ledger.entries, changes);
      const writing = await kubernetes.writeLedger({ ...ledger, entries }, signature(), signal);
      if (writing.kind === 'written') return;
      if (writing.kind === 'unusable') {
        refused(eniId, writing.detail);
        return;
      }
      ledger = undefined;
    }
    throw new StaleLedgerError(`the ledger of ${eniId} is written by others again and again`);
  }
}

/**
 * What is to be written after EC2 has answered. An entry that is no longer what was written says that another
 * execution was at work: what EC2 has is not known, so that it is looked at again (docs/design.md, rule L10).
 */
function settledEntries(
  written: Ledger['entries'],
  current: Ledger['entries'],
  settled: ReadonlyMap<Address, Settled>,
  now: number,
): { readonly changes: Changes; readonly others: boolean } {
  const changes = new Map<Address, Entry>();
  let others = false;
  for (const [address, { call, state }] of settled) {
    const [ours, entry] = [written.get(address), current.get(address)];
    if (isSame(ours, entry)) {
      if (entry !== undefined && entry.state !== state)
        changes.set(address, { ...entry, state, at: now });
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
