import * as z from 'zod';
import { NETWORK_STATUS } from '../../../shared/cluster/annotations.ts';
import type { Clock } from '../../../shared/time/clock.ts';
import { toTimestamp } from '../deletion.ts';
import type { ApiServer } from './api-server.ts';
import { CniError } from './ipam/ipam.ts';
import type { Multus } from './multus.ts';
import { formatNetworkStatus, type NetworkStatus } from './network-status.ts';
import { readyCondition, runningStatus, withConditions } from './pod-status.ts';
import type { PodView } from './pod-view.ts';

/** A node as its kubelet knows it. */
export interface Host {
  readonly name: string;
  /** The node's own address. */
  readonly address: string;
  /** The next address for a pod's eth0. */
  readonly nextPodAddress: () => string;
}

/** A pod's network, from its sandbox's creation to its removal. */
export interface Sandbox {
  readonly container: string;
  readonly node: string;
  readonly pod: { readonly namespace: string; readonly name: string; readonly uid: string };
  readonly restarts: number;
  readonly interfaces: readonly NetworkStatus[];
}

/** What a kubelet does with one pod. */
export interface Kubelet {
  /** Starts the pod. Returns false if that failed; then an Event says why. */
  run(pod: PodView, host: Host): boolean;
  /** Brings the Ready condition up to date. */
  updateReady(pod: PodView): void;
  /** Takes the pod's network down; does nothing for a pod that has none. */
  tearDown(uid: string): void;
  sandboxes(): readonly Sandbox[];
}

/**
 * Kubelets, with the plugins that they call.
 *
 * `emptiesAnnotation`: Multus 3 (the guide's) writes an empty `network-status` when a
 * pod's network goes down; Multus 4 leaves it.
 */
export function createKubelet(options: {
  readonly objects: ApiServer;
  readonly clock: Clock;
  readonly multus: Multus;
  readonly emptiesAnnotation: boolean;
}): Kubelet {
  const { objects, clock, multus, emptiesAnnotation } = options;
  const sandboxes = new Map<string, Sandbox>();
  const restartsOf = new Map<string, number>();
  const toldOf = new Map<string, string>();

  const setStatus = (pod: PodView, status: object): void => {
    objects.patch('pods', pod, { status }, { subresource: 'status' });
  };

  const annotate = (pod: Sandbox['pod'], entries: readonly NetworkStatus[]): void => {
    const annotations = { [NETWORK_STATUS]: formatNetworkStatus(entries) };
    objects.patch('pods', pod, { metadata: { annotations } }, { subresource: 'status' });
  };

  const tellFailure = (pod: PodView, host: Host, why: string): void => {
    const home = objects.find('namespaces', { name: pod.namespace });
    if (toldOf.get(pod.uid) === why || home?.metadata.deletionTimestamp !== undefined) return;
    toldOf.set(pod.uid, why);
    const at = toTimestamp(clock.now());
    objects.create('events', failureEvent(pod, host, why, at));
  };

  return {
    sandboxes: () => [...sandboxes.values()],
    run(pod, host) {
      const restarts = restartsOf.get(pod.uid) ?? 0;
      const container = `${pod.uid.replaceAll('-', '').slice(4)}${restarts}`;
      const podIP = pod.hostNetwork ? host.address : host.nextPodAddress();
      try {
        const interfaces = pod.hostNetwork
          ? []
          : [defaultNetwork(container, podIP), ...multus.add(pod, host.name, container)];
        const { namespace, name, uid } = pod;
        const sandbox = { container, node: host.name, pod: { namespace, name, uid }, restarts };
        sandboxes.set(uid, { ...sandbox, interfaces });
        restartsOf.set(uid, restarts + 1);
        if (!pod.hostNetwork) annotate(pod, interfaces);
      } catch (error) {
        if (!(error instanceof CniError) && !(error instanceof z.ZodError)) throw error;
        tellFailure(pod, host, error.message);
        return false;
      }
      const at = toTimestamp(clock.now());
      setStatus(pod, runningStatus(pod, { podIP, hostIP: host.address, at, restarts }));
      return true;
    },
    updateReady(pod) {
      const ready = readyCondition(pod, toTimestamp(clock.now()));
      const present = pod.conditions.find(({ type }) => type === 'Ready');
      if (present?.status === ready.status) return;
      setStatus(pod, { conditions: withConditions(pod, [ready]) });
    },
    tearDown(uid) {
      const sandbox = sandboxes.get(uid);
      if (sandbox === undefined) return;
      sandboxes.delete(uid);
      multus.del(sandbox.node, sandbox.container);
      const object = objects.find('pods', sandbox.pod);
      const attached = sandbox.interfaces.length > 0 && object?.metadata.uid === uid;
      if (attached && emptiesAnnotation) annotate(sandbox.pod, []);
    },
  };
}

/** The default network's entry, which stands first; the VPC CNI calls itself aws-cni. */
function defaultNetwork(container: string, podIP: string): NetworkStatus {
  return {
    name: 'aws-cni',
    interface: `dummy${container.slice(0, 11)}`,
    ips: [podIP],
    default: true,
    dns: {},
  };
}

function failureEvent({ namespace, name, uid }: PodView, host: Host, why: string, at: string) {
  return {
    metadata: { generateName: `${name}.`, namespace },
    involvedObject: { apiVersion: 'v1', kind: 'Pod', namespace, name, uid },
    type: 'Warning',
    reason: 'FailedCreatePodSandBox',
    message: `Failed to create pod sandbox: ${why}`,
    source: { component: 'kubelet', host: host.name },
    reportingComponent: 'kubelet',
    firstTimestamp: at,
    lastTimestamp: at,
    count: 1,
  };
}
