import { toTimestamp } from '../../../sandbox/kubernetes/deletion.ts';
import type { Objects } from '../../../sandbox/kubernetes/objects.ts';
import { FLOATING_IPS, NETWORK_STATUS, NETWORKS } from '../../../shared/cluster/annotations.ts';
import { CONDITION_TYPE } from '../../../shared/cluster/kubernetes.ts';
import { roomOf } from './room.ts';
import type { NetworkName, VirtualCluster } from './world.ts';

/** One address on one network. */
export interface Attached {
  readonly network: NetworkName;
  readonly ip: string;
  /** Default: that of the network's ENI. An attachment without one is placed by other means. */
  readonly mac?: string | 'none';
}

export interface VirtualPodSpec {
  readonly node: string;
  /** Default `default`. */
  readonly namespace?: string;
  readonly gated?: boolean;
  /** It requests the room of an attachment of it. */
  readonly requests?: NetworkName;
}

/** A pod, of which the workload does what scheduler, kubelet and Multus would. */
export interface VirtualPod {
  readonly uid: string;
  readonly name: string;
  readonly namespace: string;
  readonly node: string;
  /** Multus has attached it. An empty list: it has detached it, as Multus 3 writes. */
  attach(...attachments: readonly Attached[]): void;
  /** It claims floating addresses. */
  float(claims: readonly { readonly ip: string; readonly since?: string }[]): void;
  /** It is asked to go, and stays until its kubelet has stopped it. */
  terminate(): void;
  /** It has ended by itself; its object stays. */
  finish(): void;
  /** Its object goes. */
  remove(): void;
}

const MAIN = { name: 'main', image: 'app' };

/** Creates a pod that is bound to its node, and not attached yet. Nothing is done to one that is gone. */
export function createPod(
  cluster: Pick<VirtualCluster, 'api' | 'clock' | 'newUid' | 'findWorker'>,
  name: string,
  spec: VirtualPodSpec,
): VirtualPod {
  const { objects, store } = cluster.api;
  const { node, namespace = 'default', gated = false, requests } = spec;
  ensureNamespace(objects, namespace);
  const ref = { namespace, name };
  const uid = cluster.newUid();
  const readinessGates = gated ? [{ conditionType: CONDITION_TYPE }] : [];
  const resources = requests && { resources: { requests: { [roomOf(requests)]: '1' } } };
  // As the API server would come to it, in a tenth of the time.
  store.put('pods', {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: {
      ...ref,
      uid,
      creationTimestamp: toTimestamp(cluster.clock.now()),
      annotations: { [NETWORKS]: 'default/net-1, default/net-2' },
    },
    spec: { nodeName: node, readinessGates, containers: [{ ...MAIN, ...resources }] },
    status: { phase: 'Pending' },
  });
  const find = () => {
    const object = store.get('pods', namespace, name);
    return object?.metadata.uid === uid ? object : undefined;
  };
  const isThere = (): boolean => find() !== undefined;
  const annotate = (annotations: Readonly<Record<string, string>>): void => {
    const object = find();
    if (object === undefined) return;
    const merged = { ...object.metadata.annotations, ...annotations };
    store.put('pods', { ...object, metadata: { ...object.metadata, annotations: merged } });
  };
  return {
    uid,
    ...ref,
    node,
    attach(...attachments) {
      const enis = cluster.findWorker(node)?.enis ?? [];
      const status = attachments.map(({ network, ip, mac }, index) => {
        const deviceIndex = network === 'net-2' ? 2 : 1;
        const master = enis.find((eni) => eni.deviceIndex === deviceIndex);
        return {
          name: `default/${network}`,
          interface: `net${index + 1}`,
          ips: [ip],
          mac: mac === 'none' ? undefined : (mac ?? master?.mac),
          dns: {},
        };
      });
      annotate({ [NETWORK_STATUS]: JSON.stringify(status) });
    },
    float: (claims) => annotate({ [FLOATING_IPS]: JSON.stringify(claims) }),
    terminate() {
      if (isThere()) objects.delete('pods', ref);
    },
    finish() {
      const status = { phase: 'Succeeded' };
      if (isThere()) objects.patch('pods', ref, { status }, { subresource: 'status' });
    },
    remove() {
      if (isThere()) objects.delete('pods', ref, { gracePeriodSeconds: 0 });
    },
  };
}

function ensureNamespace(objects: Objects, name: string): void {
  if (objects.find('namespaces', { name }) !== undefined) return;
  objects.create('namespaces', { metadata: { name } });
}
