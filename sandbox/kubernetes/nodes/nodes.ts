import type { Clock, Random } from '../../../shared/time/clock.ts';
import { toTimestamp } from '../deletion.ts';
import { GIT_VERSION } from '../discovery.ts';
import type { KubeObject } from '../object.ts';
import type { Ref } from '../objects.ts';
import type { ApiServer, Changes } from './api-server.ts';
import { createKubelet, type Host, type Sandbox } from './kubelet.ts';
import { createMultus, type MacOf } from './multus.ts';
import { type PodView, viewPod } from './pod-view.ts';
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
      addresses: [
        { type: 'InternalIP', address: node.address },
        { type: 'Hostname', address: name },
      ],
      conditions: [{ type: 'Ready', status: 'True', reason: 'KubeletReady', ...times }],
      nodeInfo: { kubeletVersion: GIT_VERSION, operatingSystem: 'linux', architecture: 'amd64' },
    },
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
  const stopping = new Set<string>();
  const due = new Map<string, Ref>();
  let stopped = false;

  const later = (ms: number, task: () => void): void => {
    clock.after(ms, () => {
      if (!stopped) task();
    });
  };

  /** Pods are looked at after the write that is going on, each once however often it changed. */
  const lookAt = (object: KubeObject): void => {
    const { namespace, name, uid } = object.metadata;
    if (due.size === 0) {
      later(0, () => {
        const refs = [...due.values()];
        due.clear();
        for (const ref of refs) sync(ref);
      });
    }
    due.set(uid, { namespace, name });
  };
  const lookAtAll = (): void => objects.list('pods').forEach(lookAt);

  const finishTermination = (pod: PodView): void => {
    stopping.delete(pod.uid);
    if (!running.has(pod.node ?? '')) return;
    kubelet.tearDown(pod.uid);
    const present = objects.find('pods', pod);
    if (present?.metadata.uid === pod.uid) {
      objects.delete('pods', pod, { gracePeriodSeconds: 0 });
    }
  };

  const terminate = (pod: PodView): void => {
    if (stopping.has(pod.uid)) return;
    stopping.add(pod.uid);
    later(terminationMs, () => finishTermination(pod));
  };

  const start = (pod: PodView, host: Host): void => {
    const object = objects.find('pods', pod);
    if (kubelet.run(pod, host) || object === undefined) return;
    later(retryMs, () => lookAt(object));
  };

  const sync = (ref: Ref): void => {
    const object = objects.find('pods', ref);
    if (object === undefined) return;
    const pod = viewPod(object);
    if (pod.node === undefined) {
      if (!pod.terminating) schedule(pod, running, options);
      return;
    }
    const host = hosts.get(pod.node);
    if (host === undefined || !running.has(pod.node)) return;
    const sandboxed = kubelet.sandboxes().some((sandbox) => sandbox.pod.uid === pod.uid);
    if (pod.terminating) terminate(pod);
    else if (pod.finished) kubelet.tearDown(pod.uid);
    else if (!sandboxed) start(pod, host);
    else if (pod.phase === 'Running') kubelet.updateReady(pod);
  };

  const unsubscribe = store.onChange((change) => {
    if (change.resource === 'network-attachment-definitions') later(0, lookAtAll);
    if (change.resource !== 'pods') return;
    if (change.type !== 'DELETED') lookAt(change.object);
    else later(0, () => kubelet.tearDown(change.object.metadata.uid));
  });

  const restart = (sandbox: Sandbox): void => {
    kubelet.tearDown(sandbox.pod.uid);
    const object = objects.find('pods', sandbox.pod);
    const host = hosts.get(sandbox.node);
    if (object?.metadata.uid === sandbox.pod.uid && host !== undefined) {
      start(viewPod(object), host);
    }
  };

  const startKubelet = (node: string): void => {
    running.add(node);
    later(0, lookAtAll);
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
    collectOrphanedPods() {
      for (const pod of objects.list('pods').map(viewPod)) {
        if (pod.node === undefined || objects.find('nodes', { name: pod.node })) continue;
        objects.delete('pods', pod, { gracePeriodSeconds: 0 });
      }
    },
    stopKubelet: (node) => void running.delete(node),
    startKubelet,
    reboot(node) {
      for (const sandbox of kubelet.sandboxes()) if (sandbox.node === node) restart(sandbox);
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
      stopped = true;
      unsubscribe();
    },
  };
}
