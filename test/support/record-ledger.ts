import type { Objects } from '../../sandbox/kubernetes/objects.ts';
import { parseAddress } from '../../shared/address.ts';
import { type Entry, ledgerFromObject, objectOfLedger } from '../../shared/cluster/ledgers.ts';

/** A ledger, as it is stored if it is, in which addresses of an ENI are ours by then, in some state. */
export function recorded(
  stored: object | undefined,
  eniId: string,
  addresses: readonly string[],
  { state = 'assigned', at = 0, pod }: Partial<Entry>,
) {
  const known = stored === undefined ? undefined : ledgerFromObject(stored);
  const entry: Entry = { state, at, ...(pod && { pod }) };
  const added = addresses.flatMap((text) => parseAddress(text) ?? []);
  const entries = new Map([
    ...(known?.entries ?? []),
    ...added.map((each) => [each, entry] as const),
  ]);
  return objectOfLedger({ ...known, eniId, entries }, { at, by: 'a test' });
}

/** Writes into the ledger of an ENI that addresses are ours, in some state. */
export function recordIn(
  objects: Objects,
  eniId: string,
  addresses: readonly string[],
  entry: Partial<Entry>,
): void {
  const stored = objects.find('eniledgers', { name: eniId });
  const object = recorded(stored, eniId, addresses, entry);
  if (stored === undefined) objects.create('eniledgers', object);
  else objects.update('eniledgers', object);
}
