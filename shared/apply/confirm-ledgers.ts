import type { Address } from '../address.ts';
import type { Ledger, Signature } from '../cluster/ledgers.ts';
import { type Changes, type Settled, settledEntries, withChanges } from '../plan/entries.ts';
import type { ClusterAccess } from '../state/cluster-access.ts';
import { allEnded } from '../time/all-ended.ts';
import { StalePodsError } from './release.ts';

/** How often a ledger that others keep writing is tried again after EC2 has answered. */
const MOST_TRIES = 5;

/** A ledger is not as it was read: nothing that rests on it is sent or told. */
export class StaleLedgerError extends StalePodsError {}

/** What ledgers are written with. */
export interface LedgerScope extends Pick<ClusterAccess, 'clock' | 'kubernetes'> {
  readonly signature: () => Signature;
  /** Is told of an ENI whose ledger cannot be written, and why. */
  readonly refused: (eniId: string, detail: string) => void;
  readonly signal: AbortSignal | undefined;
}

/** What this act wrote into a ledger, and what EC2 answered since. */
interface Written {
  readonly ledger: Ledger;
  readonly settled: ReadonlyMap<Address, Settled>;
}

/**
 * Writes what EC2 has answered.
 *
 * @throws StaleLedgerError if somebody else wrote one of these entries meanwhile (docs/design.md, rule L10).
 */
export async function confirmSettled(
  scope: LedgerScope,
  written: readonly Written[],
): Promise<void> {
  const byOthers: string[] = [];
  await allEnded(
    written
      .filter(({ settled }) => settled.size > 0)
      .map(({ ledger, settled }) => {
        const settle = (current: Ledger): Changes => {
          const now = scope.clock.now();
          const { changes, others } = settledEntries(ledger.entries, current.entries, settled, now);
          if (others) byOthers.push(ledger.eniId);
          return changes;
        };
        return rewrite(scope, ledger.eniId, settle, ledger);
      }),
  );
  const [first] = byOthers;
  if (first === undefined) return;
  throw new StaleLedgerError(`the ledger of ${first} was written by somebody else meanwhile`);
}

/** Makes tombstones of what was taken over, whatever the ledgers say by now (docs/design.md, rule L14). */
export async function markTaken(
  scope: LedgerScope,
  taken: ReadonlyMap<string, ReadonlySet<Address>>,
): Promise<void> {
  await allEnded(
    [...taken].map(([eniId, addresses]) =>
      rewrite(scope, eniId, ({ entries }) => {
        const of = [...entries].filter(([address]) => addresses.has(address));
        const at = scope.clock.now();
        return new Map(
          of.map(([address, entry]) => [address, { ...entry, state: 'releasing', at }]),
        );
      }),
    ),
  );
}

/**
 * Changes a ledger, however often others write it meanwhile.
 *
 * @param known as it was a moment ago; else it is read.
 */
async function rewrite(
  { kubernetes, refused, signal, signature }: LedgerScope,
  eniId: string,
  change: (ledger: Ledger) => Changes,
  known?: Ledger,
): Promise<void> {
  let ledger = known;
  for (let tries = 0; tries < MOST_TRIES; tries += 1) {
    const isRead = ledger === undefined;
    if (ledger === undefined) {
      const reading = await kubernetes.readLedger(eniId, signal);
      if (reading.kind === 'unusable') return refused(eniId, reading.detail);
      ledger = reading.ledger;
    }
    const changes = change(ledger);
    if (changes.size > 0) {
      const entries = withChanges(ledger.entries, changes);
      const writing = await kubernetes.writeLedger({ ...ledger, entries }, signature(), signal);
      if (writing.kind === 'written') return;
      if (writing.kind === 'unusable') return refused(eniId, writing.detail);
    } else if (isRead) return;
    // What is known needs no change: but nobody has said yet that it is still so.
    ledger = undefined;
  }
  throw new StaleLedgerError(`the ledger of ${eniId} is written by others again and again`);
}
