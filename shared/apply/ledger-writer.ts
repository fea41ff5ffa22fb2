import type { Address } from '../address.ts';
import type { Entry, Ledger, LedgerReading } from '../cluster/ledgers.ts';
import { type Changes, type Settled, withChanges } from '../plan/entries.ts';
import type { ClusterAccess } from '../state/cluster-access.ts';
import type { NodeState } from '../state/node-state.ts';
import {
  confirmSettled,
  type LedgerScope,
  markTaken,
  StaleLedgerError,
} from './confirm-ledgers.ts';

/** Writes the ledgers of one act: before EC2 is asked, and after EC2 has answered. */
export interface LedgerWriter {
  /**
   * Writes an ENI's ledger with these entries, if nobody wrote it since it was read. What is asked for side by
   * side is one write.
   *
   * @param must also if no entry changes: what is sent or told rests on it (docs/design.md, rule L5).
   * @returns false if the ledger could not be used when it was read: then only what nobody has may be assigned
   *   (rule L15).
   * @throws StaleLedgerError if somebody else wrote it, or it cannot be written: the caller reads again. Once a
   *   write has failed, all that follow do, and none is sent.
   */
  before(eniId: string, changes: Changes, must: boolean): Promise<boolean>;
  /** Whether a write of an ENI's ledger has failed: nothing that was read there may be told (rule L5). */
  isUnsigned(eniId: string): boolean;
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

/** The ledger of one ENI, as this act knows it. */
interface Cell {
  ledger: Ledger;
  usable: boolean;
  pending: Map<Address, Entry | undefined>;
  /** The write that has yet to begin. */
  next?: Promise<boolean> | undefined;
  /** The last one that began. */
  last: Promise<unknown>;
  /** What a write failed with. */
  failure?: { readonly error: unknown };
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
  const scope: LedgerScope = {
    ...{ clock, kubernetes, signal },
    signature: () => ({ at: clock.now(), by, node, instanceId }),
    refused(eniId, detail) {
      const text = 'an ENILedger cannot be written: only what nobody has is assigned on its ENI';
      telemetry.warn(text, { cluster, node, eniId }, { detail });
      telemetry.metric('LedgerUnusable', cluster, 1);
      onRefused(eniId);
    },
  };
  const cells = new Map<string, Cell>();
  const taken = new Map<string, Set<Address>>();
  const cellOf = (eniId: string): Cell => {
    const cell = cells.get(eniId) ?? cellFor(eniId, ledgers.of(eniId));
    cells.set(eniId, cell);
    return cell;
  };
  return {
    before: (eniId, changes, must) => writeAhead(scope, cellOf(eniId), changes, must),
    isUnsigned: (eniId) => cells.get(eniId)?.failure !== undefined,
    along(eniId, changes) {
      for (const [address, entry] of changes) cellOf(eniId).pending.set(address, entry);
    },
    settle(eniId, address, settled) {
      const cell = cellOf(eniId);
      // What was looked up, and not asked for, has none.
      if (cell.ledger.entries.has(address)) cell.settled.set(address, settled);
    },
    takenFrom(eniId, address) {
      taken.set(eniId, (taken.get(eniId) ?? new Set()).add(address));
    },
    // Also if time is up: nobody else writes it.
    mark: () => markTaken({ ...scope, signal: undefined }, taken),
    after: () =>
      confirmSettled(
        scope,
        [...cells.values()].filter(({ usable }) => usable),
      ),
  };
}

function cellFor(eniId: string, reading: LedgerReading | undefined): Cell {
  const ledger = reading?.kind === 'ledger' ? reading.ledger : { eniId, entries: new Map() };
  return {
    ledger,
    usable: reading?.kind !== 'unusable',
    pending: new Map(),
    last: Promise.resolve(),
    settled: new Map(),
  };
}

/** As `LedgerWriter.before`. */
async function writeAhead(
  scope: LedgerScope,
  cell: Cell,
  changes: Changes,
  must: boolean,
): Promise<boolean> {
  if (cell.failure !== undefined) throw cell.failure.error;
  if (!cell.usable) return false;
  for (const [address, entry] of changes) cell.pending.set(address, entry);
  // Nothing was ever written there, and nothing is to be.
  const isNew =
    cell.ledger.version === undefined && [...cell.pending.values()].every((each) => !each);
  if (isNew || (changes.size === 0 && !must)) return true;
  cell.next ??= cell.last.then(() => {
    cell.next = undefined;
    const writing = write(scope, cell).catch((error: unknown) => {
      cell.failure = { error };
      throw error;
    });
    cell.last = writing.catch(() => undefined);
    return writing;
  });
  return cell.next;
}

async function write(
  { kubernetes, refused, signal, signature }: LedgerScope,
  cell: Cell,
): Promise<boolean> {
  if (cell.failure !== undefined) throw cell.failure.error;
  const { ledger, pending } = cell;
  cell.pending = new Map();
  const entries = withChanges(ledger.entries, pending);
  const writing = await kubernetes.writeLedger({ ...ledger, entries }, signature(), signal);
  if (writing.kind === 'conflict') {
    throw new StaleLedgerError(`the ledger of ${ledger.eniId} was written by somebody else`);
  }
  if (writing.kind === 'unusable') {
    cell.usable = false;
    refused(ledger.eniId, writing.detail);
    throw new StaleLedgerError(
      `the ledger of ${ledger.eniId} cannot be written: ${writing.detail}`,
    );
  }
  cell.ledger = writing.ledger;
  return true;
}
