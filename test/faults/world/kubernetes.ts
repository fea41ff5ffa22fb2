import type { KubernetesApi } from '../../../sandbox/kubernetes/kubernetes.ts';
import { fieldAt, type KubeObject } from '../../../sandbox/kubernetes/object.ts';
import { coreEvent } from '../../../shared/cluster/events.ts';
import { CONDITION_TYPE, type Kubernetes, type Pod } from '../../../shared/cluster/kubernetes.ts';
import {
  type LedgerReading,
  type LedgersReading,
  type LedgerTrouble,
  type LedgerWriting,
  ledgerFromObject,
  objectOfLedger,
} from '../../../shared/cluster/ledgers.ts';
import { networkFromObject } from '../../../shared/cluster/networks.ts';
import { nodeFromObject } from '../../../shared/cluster/nodes.ts';
import { podFromObject } from '../../../shared/cluster/pods.ts';
import { poolFromObject } from '../../../shared/cluster/reservations.ts';

/**
 * Makes one call: `effect` is its effect and answer in one step, now or later.
 *
 * @param node whose pods are listed.
 */
export type KubernetesCall = <T>(
  name: string,
  effect: (back: number) => T,
  options: { readonly node?: string | undefined; readonly signal?: AbortSignal | undefined },
) => Promise<T>;

/**
 * The functions' view of the sandbox's API server, without HTTP in between; wire.test.ts holds it
 * against the client. A call that is served `back` versions behind is one that our client never
 * makes: it is there to show what would become of it.
 */
export function virtualKubernetes(
  api: KubernetesApi,
  call: KubernetesCall,
  uuid: () => string,
): Kubernetes {
  const { store } = api;
  const at = (back: number): number => Math.max(store.oldest(), store.version() - back);
  return {
    ...nodeStatuses(api, call),
    ...ledgers(api, call),
    listPods: ({ node, signal }) =>
      call(
        'listPods',
        (back) => {
          const pods = store.list('pods', at(back)).map(podOf);
          return node === undefined ? pods : pods.filter((pod) => pod.node === node);
        },
        { node, signal },
      ),
    getNode: (name, signal) =>
      call(
        'getNode',
        (back) =>
          store
            .list('nodes', at(back))
            .map(nodeOf)
            .find((node) => node.name === name),
        { signal },
      ),
    listNodes: (signal) =>
      call('listNodes', (back) => store.list('nodes', at(back)).map(nodeOf), { signal }),
    listNetworkAttachmentDefinitions: (signal) =>
      call(
        'listNetworkAttachmentDefinitions',
        () => store.list('network-attachment-definitions').map(networkOf),
        { signal },
      ),
    // The list leaves none unread.
    readNetworkAttachmentDefinitions: async () => [],
    listIpPools: (signal) =>
      call('listIpPools', () => store.list('ippools').map(poolFromObject), { signal }),
    setPodCondition: ({ namespace, name, uid }, condition, signal) =>
      call(
        'setPodCondition',
        () => {
          const found = store.get('pods', namespace, name);
          if (found?.metadata.uid === uid) store.put('pods', withCondition(found, condition));
        },
        { signal },
      ),
    writeEvent: (event, signal) =>
      call(
        'writeEvent',
        () => {
          const { metadata, ...rest } = coreEvent(event, uuid());
          const namespace = store.get('namespaces', undefined, metadata.namespace);
          if (namespace === undefined || namespace.metadata.deletionTimestamp !== undefined) return;
          const creationTimestamp = new Date(event.at).toISOString();
          store.put('events', {
            ...rest,
            apiVersion: 'v1',
            kind: 'Event',
            metadata: { ...metadata, uid: metadata.name, creationTimestamp },
          });
        },
        { signal },
      ),
  };
}

/** What concerns the Nodes' statuses. */
function nodeStatuses(
  { objects }: KubernetesApi,
  call: KubernetesCall,
): Pick<Kubernetes, 'listWholeNodes' | 'patchNodeStatus'> {
  return {
    listWholeNodes: (signal) =>
      call('listWholeNodes', () => objects.list('nodes').map(nodeFromObject), { signal }),
    patchNodeStatus: ({ name, uid }, operations, signal) =>
      call(
        'patchNodeStatus',
        () => {
          if (objects.find('nodes', { name })?.metadata.uid !== uid) return;
          const how = { type: 'application/json-patch+json', subresource: 'status' } as const;
          objects.patch('nodes', { name }, operations, how);
        },
        { signal },
      ),
  };
}

const emptyOf = (eniId: string): LedgerReading => ({
  kind: 'ledger',
  ledger: { eniId, entries: new Map() },
});

/** The ENILedgers, with the API server's compare-and-swap. */
function ledgers(
  { objects }: KubernetesApi,
  call: KubernetesCall,
): Pick<Kubernetes, 'readLedger' | 'listLedgers' | 'writeLedger' | 'deleteLedger'> {
  const readingOf = (object: KubeObject): LedgerReading => {
    return { kind: 'ledger', ledger: ledgerOf(object) };
  };
  return {
    readLedger: (eniId, signal) =>
      call(
        'readLedger',
        (): LedgerReading => {
          const object = objects.find('eniledgers', { name: eniId });
          return object === undefined ? emptyOf(eniId) : readingOf(object);
        },
        { signal },
      ).catch(unusable),
    listLedgers: (signal) =>
      call(
        'listLedgers',
        (): LedgersReading => {
          const all = objects.list('eniledgers');
          const readings = all.map((each) => [each.metadata.name, readingOf(each)] as const);
          return { kind: 'ledgers', byEni: new Map(readings) };
        },
        { signal },
      ).catch(unusable),
    writeLedger: (ledger, signature, signal) =>
      call(
        'writeLedger',
        (): LedgerWriting => {
          const body = objectOfLedger(ledger, signature);
          const stored = objects.find('eniledgers', { name: ledger.eniId });
          if (stored?.metadata.resourceVersion !== ledger.version) return { kind: 'conflict' };
          const written =
            stored === undefined
              ? objects.create('eniledgers', body)
              : objects.update('eniledgers', body);
          return { kind: 'written', ledger: ledgerOf(written) };
        },
        { signal },
      ).catch((error: unknown) =>
        fieldAt(error, 'code') === 409 ? { kind: 'conflict' } : unusable(error),
      ),
    deleteLedger: ({ eniId, version }, signal) =>
      call(
        'deleteLedger',
        () => {
          const stored = objects.find('eniledgers', { name: eniId });
          if (stored?.metadata.resourceVersion === version && stored !== undefined) {
            objects.delete('eniledgers', { name: eniId });
          }
        },
        { signal },
      ),
  };
}

const WHY = new Map<unknown, LedgerTrouble>([
  [403, 'forbidden'],
  [404, 'no-kind'],
  [422, 'refused'],
]);

/** What the API server answers each time until somebody mends it (docs/design.md, rule L15). */
function unusable(error: unknown) {
  const why = WHY.get(fieldAt(error, 'code'));
  if (why === undefined) throw error;
  return { kind: 'unusable', why, detail: String(error) } as const;
}

type Condition = Parameters<Kubernetes['setPodCondition']>[1];

/** What a strategic merge patch of the status comes to: conditions merge by their type. */
function withCondition(
  pod: KubeObject,
  { lastTransitionTime, ...condition }: Condition,
): KubeObject {
  const all = pod.status?.conditions;
  const conditions: unknown[] = Array.isArray(all) ? all : [];
  const isOurs = (each: unknown): boolean => fieldAt(each, 'type') === CONDITION_TYPE;
  const time =
    lastTransitionTime === undefined
      ? fieldAt(conditions.find(isOurs), 'lastTransitionTime')
      : new Date(lastTransitionTime).toISOString();
  const ours = { type: CONDITION_TYPE, ...condition, lastTransitionTime: time };
  const others = conditions.filter((each) => !isOurs(each));
  return { ...pod, status: { ...pod.status, conditions: [...others, ours] } };
}

/** More than any run has at a time; as much again is forgotten at once, which a measure of memory must not see. */
const REMEMBERED = 1_000;

/**
 * Stored objects never change, so each is read once. By uid and not in a WeakMap, which would
 * cost the garbage collector more than all reading.
 */
function once<T>(read: (object: KubeObject) => T): (object: KubeObject) => T {
  const known = new Map<string, { readonly object: KubeObject; readonly value: T }>();
  return (object) => {
    const { uid } = object.metadata;
    const found = known.get(uid);
    if (found?.object === object) return found.value;
    const value = read(object);
    if (known.size >= REMEMBERED) known.clear();
    known.set(uid, { object, value });
    return value;
  };
}

export const podOf: (object: KubeObject) => Pod = once(podFromObject);
const nodeOf = once(nodeFromObject);
const networkOf = once(networkFromObject);
const ledgerOf = once(ledgerFromObject);
