import type { Address } from '../../shared/address.ts';
import { rewriteLedger } from '../../shared/apply/rewrite-ledger.ts';
import { connectKubernetes } from '../../shared/cluster/client.ts';
import type { Kubernetes } from '../../shared/cluster/kubernetes.ts';
import type { Entries, Entry, Ledger } from '../../shared/cluster/ledgers.ts';
import { PATHS } from '../../shared/cluster/paths.ts';
import type { Clock } from '../../shared/time/clock.ts';
import { type Look, unlessRefused } from '../access/access.ts';
import { REQUEST_TIMEOUT_MS } from '../access/kubernetes.ts';
import { Failed } from '../failure.ts';

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
  let change: Change = { changes: new Map(), skipped: [] };
  const decided = ({ entries }: Ledger): Change['changes'] => {
    change = decide(entries);
    return change.changes;
  };
  const signature = () => ({ at: clock.now(), by: signedBy, ...place });
  const written = await unlessRefused(cluster, () =>
    rewriteLedger(ledgers, eniId, decided, { signature }),
  );
  if (written.kind === 'done') return change;
  if (written.kind === 'busy') {
    throw new Failed(`the functions write the ledger of ${eniId} all the time: try again`);
  }
  const rights = 'you need get, create and update on eniledgers.multus-eni.dev';
  throw new Failed(
    `the ENILedger ${eniId} cannot be read or written: ${written.detail}; ${rights}`,
  );
}
