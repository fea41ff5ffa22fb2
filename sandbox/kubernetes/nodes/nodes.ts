import type { Clock, Random } from '../../../shared/time/clock.ts';
import { toTimestamp } from '../deletion.ts';
import { GIT_VERSION } from '../discovery.ts';
import type { Ref } from '../objects.ts';
import type { ApiServer, Changes, NodeChange } from './api-server.ts';
import { createKubelet, type Host, type Sandbox } from './kubelet.ts';
import { createMultus, type MacOf } from './multus.ts';
import { later, lookAt, lookAtAll, type PodSync, restart } from './pod-sync.ts';
import { viewPod } from './pod-view.ts';
import { schedule } from './scheduler.ts';

export interface NodesOptions {
  readonly store: Changes;
  readonly objects: ApiServer;
  readonly clock: Clock;
  readonly random: Random;
  /** MAC addresses of the nodes' interfaces: those of their ENIs. */
  readonly macOf: MacOf;
  /** Milliseconds that a pod takes to stop; default 0. */
  readonly terminationMs?: number;
  /** Milliseconds until a pod that could not be started is tried again; default 1,000. */
  readonly retryMs?: number;
  /** As Multus 3 does when a pod goes; default false, as Multus 4. */
  readonly emptiesAnnotation?: boolean;
}

/** An EC2 instance that joins the cluster as a Node. */
export interface NodeToAdd {
  readonly name: string;
  readonly instanceId: string;
  readonly instanceType: string;
  /** The node's own address: the primary one of the ENI at device index 0. */
  readonly address: string;
  readonly zone?: string;
  readonly labels?: Readonly<Record<string, string>>;
}

/** Stands in for the scheduler and for the kubelets, with Multus and its plugins, of EC2 nodes. */
export interface Nodes {
  addNode(node: NodeToAdd): void;
  /** Deletes the Node object and stops its kubelet; the objects of its pods stay. */
  removeNode(name: string): void;
  /** What the pod garbage collector does: deletes the pods that are bound to no Node. */
  collectOrphanedPods(): void;
  /** From now on nothing happens to the node's pods: those that are deleted stay terminating. */
  stopKubelet(node: string): void;
  startKubelet(node: string): void;
  /** Every sandbox of the node is made anew, with new addresses. */
  reboot(node: string): void;
  /** The pod's containers end; its object stays. */
  finishPod(ref: Ref, phase?: 'Succeeded' | 'Failed'): void;
  /** The pods that have `address` on one of their interfaces now. */
  podsWith(address: string): readonly { namespace: string; name: string; node: string }[];
  sandboxes(): readonly Sandbox[];
  stop(): void;
}

/** As the kubelet of an m5.large with two Multus ENIs reports them (docs/enis.md); nothing here counts by them. */
const AMOUNTS = { cpu: '2', memory: '7928Mi', pods: '11' };

function nodeObject({ name, labels, ...node }: NodeToAdd, at: string): object {
  const zone = node.zone ?? 'us-east-1a';
  const times = { lastHeartbeatTime: at, lastTransitionTime: at };
  return {
    metadata: {
      name,
      labels: {
        'kubernetes.io/hostname': name,
        'kubernetes.io/os': 'linux',
        'node.kubernetes.io/instance-type': node.instanceType,
        'topology.kubernetes.io/zone': zone,
        ...labels,
      },
    },
    spec: { providerID: `aws:///${zone}/${node.instanceId}` },
    status: {
      capacity: AMOUNTS,
      allocatable: AMOUNTS,
      addresses: [
        { type: 'InternalIP', address: node.address },
        { type: 'Hostname', address: name },
      ],
      conditions: [{ type: 'Ready', status: 'True', reason: 'KubeletReady', ...times }],
      nodeInfo: nodeInfo(node.instanceId),
    },
  };
}

/** All of NodeSystemInfo: the API marks each field as required, and clients refuse a Node that lacks one. */
function nodeInfo(instanceId: string): object {
  return {
    machineID: instanceId,
    systemUUID: instanceId,
    bootID: instanceId,
    kernelVersion: '6.12.0-sandbox',
    osImage: 'The sandbox',
    containerRuntimeVersion: 'sandbox://1',
    kubeletVersion: GIT_VERSION,
    kubeProxyVersion: '',
    operatingSystem: 'linux',
    architecture: 'amd64',
  };
}

/** 10.<node>.x.y: the VPC CNI's addresses are of no interest here, only that they differ. */
function podAddresses(node: number): () => string {
  let count = 1;
  return () => {
    count += 1;
    return `10.${node}.${Math.floor(count / 256) % 256}.${count % 256}`;
  };
}

/** Begins to look after the pods of `store`; `stop()` ends that. */
export function startNodes(options: NodesOptions): Nodes {
  const { store, objects, clock, terminationMs = 0, retryMs = 1000 } = options;
  const multus = createMultus(options);
  const kubelet = createKubelet({
    objects,
    clock,
    multus,
    emptiesAnnotation: options.emptiesAnnotation ?? false,
  });
  const hosts = new Map<string, Host>();
  const running = new Set<string>();
  const sync: PodSync = {
    objects,
    clock,
    kubelet,
    hosts,
    running,
    schedule: (pod) => schedule(pod, running, options),
    terminationMs,
    retryMs,
    stopping: new Set(),
    due: new Map(),
    stopped: false,
  };
  const unsubscribe = store.onChange((change) => follow(sync, change));

  const startKubelet = (node: string): void => {
    running.add(node);
    later(sync, 0, () => lookAtAll(sync));
  };

  return {
    addNode(node) {
      const nextPodAddress = hosts.get(node.name)?.nextPodAddress ?? podAddresses(hosts.size);
      hosts.set(node.name, { name: node.name, address: node.address, nextPodAddress });
      startKubelet(node.name);
      objects.create('nodes', nodeObject(node, toTimestamp(clock.now())));
    },
    removeNode(name) {
      running.delete(name);
      objects.delete('nodes', { name });
    },
    collectOrphanedPods: () => collectOrphanedPods(objects),
    stopKubelet: (node) => void running.delete(node),
    startKubelet,
    reboot(node) {
      for (const sandbox of kubelet.sandboxes()) if (sandbox.node === node) restart(sync, sandbox);
    },
    finishPod(ref, phase = 'Succeeded') {
      objects.patch('pods', ref, { status: { phase } }, { subresource: 'status' });
    },
    podsWith: (address) =>
      kubelet
        .sandboxes()
        .filter(({ interfaces }) => interfaces.some(({ ips }) => ips?.includes(address)))
        .map(({ node, pod: { namespace, name } }) => ({ namespace, name, node })),
    sandboxes: kubelet.sandboxes,
    stop() {
      sync.stopped = true;
      unsubscribe();
    },
  };
}

function follow(sync: PodSync, change: NodeChange): void {
  if (change.resource === 'network-attachment-definitions') later(sync, 0, () => lookAtAll(sync));
  if (change.resource !== 'pods') return;
  if (change.type !== 'DELETED') lookAt(sync, change.object);
  else later(sync, 0, () => sync.kubelet.tearDown(change.object.metadata.uid));
}

function collectOrphanedPods(objects: ApiServer): void {
  for (const pod of objects.list('pods').map(viewPod)) {
    if (pod.node === undefined || objects.find('nodes', { name: pod.node })) continue;
    objects.delete('pods', pod, { gracePeriodSeconds: 0 });
  }
}
