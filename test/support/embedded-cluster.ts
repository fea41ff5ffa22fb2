import * as z from 'zod';
import type { KubeObject } from '../../sandbox/kubernetes/object.ts';
import type { World, WorldCluster } from '../../sandbox/world.ts';
import { familyOf, parseAddress } from '../../shared/address.ts';
import { parseNetworkStatus } from '../../shared/claims/network-status.ts';
import { FIELD_MANAGER } from '../../shared/cluster/events.ts';
import { CONDITION_TYPE, type PodRef } from '../../shared/cluster/kubernetes.ts';
import { podFromObject } from '../../shared/cluster/pods.ts';
import type { PodSpec, StageCluster, Worker, WorkerOptions } from './stage.ts';

const NETWORKS = 'k8s.v1.cni.cncf.io/networks';

const event = z.object({
  involvedObject: z.object({ uid: z.string() }),
  type: z.string(),
  reason: z.string(),
  message: z.string(),
  reportingComponent: z.string().optional(),
});
const readiness = z.object({
  status: z.object({
    conditions: z.array(z.object({ type: z.string(), status: z.string() })).default([]),
  }),
});

/** One cluster of the sandbox's world, in the words of the scenarios. */
export function embeddedCluster(world: World, cluster: WorldCluster): StageCluster {
  const { objects } = cluster.kubernetes;
  const find = (ref: PodRef) => {
    const object = objects.find('pods', ref);
    return object?.metadata.uid === ref.uid ? object : undefined;
  };

  return {
    name: cluster.name,
    async addNamespace(name) {
      objects.create('namespaces', { metadata: { name } });
    },
    addWorker: async (options) => addWorker(world, cluster, options),
    async addNode(name, providerID) {
      objects.create('nodes', { metadata: { name }, spec: { providerID } });
      return { name };
    },
    async deleteNode(worker) {
      cluster.nodes.removeNode(worker.name);
    },
    async collectOrphanedPods() {
      cluster.nodes.collectOrphanedPods();
    },
    async applyNetwork({ name, namespace = 'default', config, annotations }) {
      objects.create('network-attachment-definitions', {
        metadata: { name, namespace, annotations },
        spec: { config: JSON.stringify({ cniVersion: '0.3.1', ...config }) },
      });
    },
    async runPod(name, spec) {
      const { metadata } = objects.create('pods', podObject(name, spec));
      return { namespace: metadata.namespace ?? 'default', name, uid: metadata.uid };
    },
    async deletePod(pod, { force = false } = {}) {
      objects.delete('pods', pod, force ? { gracePeriodSeconds: 0 } : {});
    },
    async annotatePod(pod, annotations) {
      objects.patch('pods', pod, { metadata: { annotations } });
    },
    async finishPod(pod) {
      cluster.nodes.finishPod(pod);
    },
    async pod(ref) {
      const object = find(ref);
      if (object === undefined) return undefined;
      const { conditions } = readiness.parse(object).status;
      const ready = conditions.some(({ type, status }) => type === 'Ready' && status === 'True');
      return { ...podFromObject(object), ready };
    },
    async conditionOf(ref) {
      const object = find(ref);
      return object && podFromObject(object).condition;
    },
    async eventsOf({ uid }) {
      return objects
        .list('events')
        .toSorted((a, b) => versionOf(a) - versionOf(b))
        .map((object) => event.parse(object))
        .filter((each) => each.involvedObject.uid === uid)
        .filter((each) => each.reportingComponent === FIELD_MANAGER);
    },
    async attachedTo(ref) {
      const object = find(ref);
      if (object === undefined) return [];
      const pod = podFromObject(object);
      const status = parseNetworkStatus(pod.annotations, pod.namespace);
      return status.ok ? status.attachments.flatMap(({ ips }) => ips) : [];
    },
    stopKubelet: async (worker) => cluster.nodes.stopKubelet(worker.name),
    startKubelet: async (worker) => cluster.nodes.startKubelet(worker.name),
    reboot: async (worker) => cluster.nodes.reboot(worker.name),
  };
}

function versionOf({ metadata }: KubeObject): number {
  return Number(metadata.resourceVersion);
}

function addWorker(world: World, cluster: WorldCluster, options: WorkerOptions = {}): Worker {
  const { subnets = ['multus1', 'multus2'], eth1Tagged = true, instanceType } = options;
  const enis = subnets.map((subnet, index) => ({
    deviceIndex: index + 1,
    subnetId: world.subnets[subnet],
    tagged: index > 0 || eth1Tagged,
  }));
  const worker = cluster.addWorker(enis, { instanceType });
  const [, eth1, eth2] = worker.enis;
  if (eth1 === undefined || eth2 === undefined) throw new Error('a worker has three ENIs');
  const { name: node, instanceId } = worker;
  return { cluster: cluster.name, name: node, instanceId, eth1: eth1.id, eth2: eth2.id };
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
