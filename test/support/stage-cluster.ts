import * as z from 'zod';
import type { KubeObject } from '../../sandbox/kubernetes/object.ts';
import type { DeleteOptions, Ref, WriteOptions } from '../../sandbox/kubernetes/objects.ts';
import type { ResourceName } from '../../sandbox/kubernetes/resources.ts';
import { compareAddresses, familyOf, parseAddress } from '../../shared/address.ts';
import { parseNetworkStatus } from '../../shared/claims/network-status.ts';
import { NETWORKS } from '../../shared/cluster/annotations.ts';
import { FIELD_MANAGER } from '../../shared/cluster/events.ts';
import { CONDITION_TYPE, type Pod, type PodRef } from '../../shared/cluster/kubernetes.ts';
import { ledgerFromObject, objectOfLedger } from '../../shared/cluster/ledgers.ts';
import { podFromObject } from '../../shared/cluster/pods.ts';
import { recorded } from './record-ledger.ts';
import type { PodSpec, StageCluster } from './stage.ts';

/** The objects of an API server, as its administrator has them. Patches are merge patches. */
export interface ClusterObjects {
  find(resource: ResourceName, ref: Ref): Promise<KubeObject | undefined>;
  /** Of all namespaces. */
  list(resource: ResourceName): Promise<readonly KubeObject[]>;
  create(resource: ResourceName, object: object): Promise<KubeObject>;
  patch(resource: ResourceName, ref: Ref, patch: object, options?: WriteOptions): Promise<unknown>;
  delete(resource: ResourceName, ref: Ref, options?: DeleteOptions): Promise<unknown>;
}

/** The nodes of a cluster, whatever they are. */
export type StageNodes = Pick<
  StageCluster,
  'addWorker' | 'deleteNode' | 'stopKubelet' | 'startKubelet' | 'reboot'
>;

const event = z.object({
  involvedObject: z.object({ uid: z.string().optional() }),
  type: z.string(),
  reason: z.string(),
  message: z.string(),
  reportingComponent: z.string().optional(),
});
const readiness = z.object({
  status: z.object({
    conditions: z.array(z.looseObject({ type: z.string(), status: z.string() })).default([]),
  }),
});
const placement = z.object({ spec: z.object({ nodeName: z.string() }) });

/** A cluster in the words of the scenarios. */
export function stageCluster(
  name: string,
  objects: ClusterObjects,
  nodes: StageNodes,
): StageCluster {
  const find = async (ref: PodRef) => {
    const object = await objects.find('pods', ref);
    return object?.metadata.uid === ref.uid ? object : undefined;
  };
  return {
    ...nodes,
    name,
    async addWorker(options) {
      const worker = await nodes.addWorker(options);
      await daemonSetPod(objects, worker.name);
      return worker;
    },
    ...stageLedgers(objects),
    async addNamespace(namespace) {
      await objects.create('namespaces', { metadata: { name: namespace } });
    },
    async addNode(node, providerID) {
      await objects.create('nodes', { metadata: { name: node }, spec: { providerID } });
      await daemonSetPod(objects, node);
      return { name: node };
    },
    async collectOrphanedPods() {
      const present = (await objects.list('nodes')).map(({ metadata }) => metadata.name);
      for (const pod of await objects.list('pods')) {
        if (present.includes(placement.parse(pod).spec.nodeName)) continue;
        await objects.delete('pods', pod.metadata, { gracePeriodSeconds: 0 });
      }
    },
    async applyNetwork({ name: network, namespace = 'default', config, annotations }) {
      const { metadata } = await objects.create('network-attachment-definitions', {
        metadata: { name: network, namespace, annotations },
        spec: { config: JSON.stringify({ cniVersion: '0.3.1', ...config }) },
      });
      return { namespace, name: network, uid: metadata.uid };
    },
    async runPod(pod, spec) {
      const { metadata } = await objects.create('pods', podObject(pod, spec));
      return { namespace: metadata.namespace ?? 'default', name: pod, uid: metadata.uid };
    },
    async deletePod(pod, { force = false } = {}) {
      await objects.delete('pods', pod, force ? { gracePeriodSeconds: 0 } : {});
    },
    async annotatePod(pod, annotations) {
      await objects.patch('pods', pod, { metadata: { annotations } });
    },
    async forgeCondition(pod, forged) {
      const object = await objects.find('pods', pod);
      const known = object === undefined ? [] : readiness.parse(object).status.conditions;
      const conditions = [...known.filter(({ type }) => type !== CONDITION_TYPE), forged];
      await objects.patch('pods', pod, { status: { conditions } }, { subresource: 'status' });
    },
    async finishPod(pod) {
      const status = { phase: 'Succeeded' };
      await objects.patch('pods', pod, { status }, { subresource: 'status' });
    },
    async pod(ref) {
      const object = await find(ref);
      if (object === undefined) return undefined;
      const { conditions } = readiness.parse(object).status;
      const ready = conditions.some(({ type, status }) => type === 'Ready' && status === 'True');
      return { ...podFromObject(object), ready };
    },
    async conditionOf(ref) {
      const object = await find(ref);
      return object && podFromObject(object).condition;
    },
    async eventsOf({ uid }) {
      return (await objects.list('events'))
        .toSorted((a, b) => versionOf(a) - versionOf(b))
        .map((object) => event.parse(object))
        .filter((each) => each.involvedObject.uid === uid)
        .filter((each) => each.reportingComponent === FIELD_MANAGER);
    },
    async attachedTo(ref) {
      const object = await find(ref);
      return object === undefined ? [] : attachedIps(podFromObject(object));
    },
  };
}

type StageLedgers = Pick<
  StageCluster,
  'recordAddresses' | 'ledgerOf' | 'editLedger' | 'deleteLedgers'
>;

function stageLedgers(objects: ClusterObjects): StageLedgers {
  return {
    async editLedger(eniId, addresses) {
      const stored = await objects.find('eniledgers', { name: eniId });
      if (stored === undefined) {
        const signature = { at: Date.now(), by: 'somebody' };
        const empty = objectOfLedger({ eniId, entries: new Map() }, signature);
        await objects.create('eniledgers', { ...empty, addresses });
      } else await objects.patch('eniledgers', { name: eniId }, { addresses });
    },
    async deleteLedgers() {
      for (const { metadata } of await objects.list('eniledgers')) {
        await objects.delete('eniledgers', metadata);
      }
    },
    async recordAddresses(eniId, addresses, pod) {
      const stored = await objects.find('eniledgers', { name: eniId });
      const entry = { at: Date.now(), ...(pod && { pod }) };
      const written = recorded(stored, eniId, addresses, entry);
      if (stored === undefined) await objects.create('eniledgers', written);
      else {
        await objects.patch('eniledgers', { name: eniId }, { addresses: written.addresses });
      }
    },
    async ledgerOf(eniId) {
      const stored = await objects.find('eniledgers', { name: eniId });
      if (stored === undefined) return undefined;
      return [...ledgerFromObject(stored).entries]
        .sort(([a], [b]) => compareAddresses(a, b))
        .map(([address, { pod, state }]) => [address, state, ...(pod ? [pod.name] : [])].join(' '));
    },
  };
}

/** A node without any pod is not believed to be one (docs/design.md, "The brake"). */
async function daemonSetPod(objects: ClusterObjects, node: string): Promise<void> {
  const namespace = 'kube-system';
  if ((await objects.find('namespaces', { name: namespace })) === undefined) {
    await objects.create('namespaces', { metadata: { name: namespace } });
  }
  const spec = { namespace, on: { name: node }, hostNetwork: true };
  await objects.create('pods', podObject(`kube-proxy-${node}`, spec));
}

/** The addresses that a pod's network-status gives it, the default network's left out. */
export function attachedIps({ annotations, namespace }: Pod): readonly string[] {
  const status = parseNetworkStatus(annotations, namespace);
  return status.ok ? status.attachments.flatMap(({ ips }) => ips) : [];
}

function versionOf({ metadata }: KubeObject): number {
  return Number(metadata.resourceVersion);
}

function podObject(name: string, spec: PodSpec): object {
  const { namespace = 'default', on, networks = [], hostNetwork = false, gated = false } = spec;
  const selections = networks.map(({ network, ips }) => ({
    name: network.name,
    namespace: network.namespace ?? 'default',
    ips: ips?.map(withLength),
  }));
  const asked = selections.length > 0 ? { [NETWORKS]: JSON.stringify(selections) } : {};
  return {
    metadata: { name, namespace, annotations: { ...asked, ...spec.annotations } },
    spec: {
      nodeName: on.name,
      hostNetwork,
      readinessGates: gated ? [{ conditionType: CONDITION_TYPE }] : [],
      containers: [{ name: 'app', image: 'app' }],
    },
  };
}

/** The static plugin wants an address with its prefix length. */
function withLength(text: string): string {
  const address = parseAddress(text);
  if (address === undefined) return text;
  return `${address}/${familyOf(address) === 4 ? 24 : 64}`;
}
