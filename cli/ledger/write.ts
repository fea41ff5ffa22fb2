import type { Address } from '../../shared/address.ts';
import { connectKubernetes } from '../../shared/cluster/client.ts';
import type { Kubernetes } from '../../shared/cluster/kubernetes.ts';
import type { Entries, Entry, Ledger } from '../../shared/cluster/ledgers.ts';
import { PATHS } from '../../shared/cluster/paths.ts';
import { withChanges } from '../../shared/plan/entries.ts';
import type { Clock } from '../../shared/time/clock.ts';
import { type Look, unlessRefused } from '../access/access.ts';
import { Failed } from '../failure.ts';

const REQUEST_TIMEOUT_MS = 15_000;
/** How often a ledger that the functions keep writing is tried again. */
const MOST_TRIES = 5;

/** What becomes of each address, or why nothing does. */
export interface Change {
  readonly changes: ReadonlyMap<Address, Entry | undefined>;
  readonly skipped: readonly Skipped[];
}

export interface Skipped {
  readonly address: Address;
  readonly why: string;
}

/** An ENI whose ledger is to be written. */
export interface Written {
  readonly eniId: string;
  readonly node?: string;
  readonly instanceId?: string;
}

type Ledgers = Pick<Kubernetes, 'readLedger' | 'writeLedger'>;

/** The ledgers of a cluster with the operator's own rights; nothing else can be written by it. */
export function writableLedgers({ api }: Look, clock: Clock): Ledgers {
  const transport = api.writing(
    ({ method, path }) => method !== 'DELETE' && path.startsWith(PATHS.ledgers),
  );
  return connectKubernetes({ transport, clock, requestTimeoutMs: REQUEST_TIMEOUT_MS });
}

/**
 * Changes a ledger if nobody else wrote it since it was read; otherwise reads it again.
 *
 * @param signedBy what `written.by` says.
 * @param decide what is to be changed, by the entries that there are.
 * @throws Failed if the API server does not let it be read or written.
 */
export async function changeLedger(
  { access }: Look,
  ledgers: Ledgers,
  { eniId, ...place }: Written,
  signedBy: string,
  decide: (entries: Entries) => Change,
): Promise<Change> {
  const { clock, cluster } = access;
  for (let tried = 0; tried < MOST_TRIES; tried += 1) {
    const ledger = await read(cluster, ledgers, eniId);
    const change = decide(ledger.entries);
    if (change.changes.size === 0) return change;
    const entries = withChanges(ledger.entries, change.changes);
    const signature = { at: clock.now(), by: signedBy, ...place };
    const writing = await unlessRefused(cluster, () =>
      ledgers.writeLedger({ ...ledger, entries }, signature),
    );
    if (writing.kind === 'written') return change;
    if (writing.kind === 'unusable') throw refused(eniId, 'written', writing.detail);
  }
  throw new Failed(`the functions write the ledger of ${eniId} all the time: try again`);
}

async function read(cluster: string, ledgers: Ledgers, eniId: string): Promise<Ledger> {
  const reading = await unlessRefused(cluster, () => ledgers.readLedger(eniId));
  if (reading.kind === 'unusable') throw refused(eniId, 'read', reading.detail);
  return reading.ledger;
}

function refused(eniId: string, done: string, detail: string): Failed {
  const rights = 'you need get, create and update on eniledgers.multus-eni.dev';
  return new Failed(`the ENILedger ${eniId} cannot be ${done}: ${detail}; ${rights}`);
}
