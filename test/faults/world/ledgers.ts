import { fieldAt, isRecord } from '../../../sandbox/kubernetes/object.ts';
import type { VirtualCluster } from './world.ts';

/** What other people do to the ENILedgers of a cluster. */

export function deleteLedger({ api: { objects } }: VirtualCluster, eniId: string): void {
  if (objects.find('eniledgers', { name: eniId }) === undefined) return;
  objects.delete('eniledgers', { name: eniId });
}

/** Changes an entry, if there is one, as if it had been so for long. */
export function editEntry(
  { api: { objects } }: VirtualCluster,
  eniId: string,
  address: string,
  { state, uid }: { readonly state?: string; readonly uid?: string },
): void {
  const object = objects.find('eniledgers', { name: eniId });
  const addresses = object?.addresses;
  const entry = isRecord(addresses) ? addresses[address] : undefined;
  if (object === undefined || !isRecord(entry)) return;
  const pod = uid === undefined ? entry.pod : { namespace: 'default', name: uid, uid };
  const changed = { ...entry, state: state ?? fieldAt(entry, 'state'), pod };
  objects.update('eniledgers', {
    ...object,
    addresses: { ...(isRecord(addresses) && addresses), [address]: changed },
  });
}

/** A backup of all ledgers. @returns what puts them back in the place of those that there are. */
export function savedLedgers(cluster: VirtualCluster): { restore(): void } {
  const { objects } = cluster.api;
  const saved = objects.list('eniledgers');
  return {
    restore() {
      for (const { metadata } of objects.list('eniledgers')) deleteLedger(cluster, metadata.name);
      for (const { metadata, ...ledger } of saved) {
        const { name, labels } = metadata;
        objects.create('eniledgers', { ...ledger, metadata: { name, ...(labels && { labels }) } });
      }
    },
  };
}
