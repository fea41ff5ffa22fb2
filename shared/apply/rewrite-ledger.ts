import type { Kubernetes } from '../cluster/kubernetes.ts';
import type { Ledger, Signature, UnusableLedger } from '../cluster/ledgers.ts';
import { type Changes, withChanges } from '../plan/entries.ts';

/** How often a ledger that others keep writing is read again. */
const MOST_TRIES = 5;

/** What became of a change. `busy`: others wrote the ledger each time. */
export type Rewriting = { readonly kind: 'done' } | { readonly kind: 'busy' } | UnusableLedger;

/**
 * Changes a ledger, however often others write it meanwhile.
 *
 * @param change what is to be changed, by the ledger as it is: it is asked once for each version.
 * @param known as the ledger was a moment ago; if absent, the ledger is read.
 * @throws what the API server throws.
 */
export async function rewriteLedger(
  kubernetes: Pick<Kubernetes, 'readLedger' | 'writeLedger'>,
  eniId: string,
  change: (ledger: Ledger) => Changes,
  {
    known,
    signal,
    signature,
  }: {
    readonly known?: Ledger;
    readonly signal?: AbortSignal;
    readonly signature: () => Signature;
  },
): Promise<Rewriting> {
  let ledger = known;
  for (let tries = 0; tries < MOST_TRIES; tries += 1) {
    const isRead = ledger === undefined;
    if (ledger === undefined) {
      const reading = await kubernetes.readLedger(eniId, signal);
      if (reading.kind === 'unusable') return reading;
      ledger = reading.ledger;
    }
    const changes = change(ledger);
    if (changes.size > 0) {
      const entries = withChanges(ledger.entries, changes);
      const writing = await kubernetes.writeLedger({ ...ledger, entries }, signature(), signal);
      if (writing.kind === 'written') return { kind: 'done' };
      if (writing.kind === 'unusable') return writing;
    } else if (isRead) return { kind: 'done' };
    // What is known needs no change: but nobody has said yet that it is still so.
    ledger = undefined;
  }
  return { kind: 'busy' };
}
