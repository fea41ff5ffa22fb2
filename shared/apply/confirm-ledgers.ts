import type { Address } from '../address.ts';
import type { Ledger, Signature } from '../cluster/ledgers.ts';
import { type Changes, type Settled, settledEntries } from '../plan/entries.ts';
import type { ClusterAccess } from '../state/cluster-access.ts';
import { allEnded } from '../time/all-ended.ts';
import { StalePodsError } from './release.ts';
import { rewriteLedger } from './rewrite-ledger.ts';

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

/** @throws StaleLedgerError if others write it each time. */
async function rewrite(
  { kubernetes, refused, signal, signature }: LedgerScope,
  eniId: string,
  change: (ledger: Ledger) => Changes,
  known?: Ledger,
): Promise<void> {
  const written = await rewriteLedger(kubernetes, eniId, change, { known, signal, signature });
  if (written.kind === 'unusable') refused(eniId, written.detail);
  if (written.kind !== 'busy') return;
  throw new StaleLedgerError(`the ledger of ${eniId} is written by others again and again`);
}
