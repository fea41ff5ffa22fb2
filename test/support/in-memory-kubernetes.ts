import { NETWORK_STATUS } from '../../shared/cluster/annotations.ts';
import type {
  EventToWrite,
  Kubernetes,
  NetworkAttachmentDefinition,
  Node,
  Pod,
} from '../../shared/cluster/kubernetes.ts';
import { plainPod } from './plain-pod.ts';

/** One cluster's objects in plain arrays, which a test changes as it likes. */
export interface InMemoryKubernetes extends Kubernetes {
  pods: Pod[];
  nodes: Node[];
  networks: NetworkAttachmentDefinition[];
  readonly events: EventToWrite[];
}

export function inMemoryKubernetes(): InMemoryKubernetes {
  const cluster: InMemoryKubernetes = {
    pods: [],
    nodes: [],
    networks: [],
    events: [],
    listPods: async ({ node }) =>
      cluster.pods.filter((pod) => node === undefined || pod.node === node),
    getNode: async (name) => cluster.nodes.find((node) => node.name === name),
    listNodes: async () => [...cluster.nodes],
    listWholeNodes: async () => [...cluster.nodes],
    listNetworkAttachmentDefinitions: async () => [...cluster.networks],
    listIpPools: async () => undefined,
    async setPodCondition({ uid }, { status, reason, message }) {
      const condition = { status, reason, message };
      cluster.pods = cluster.pods.map((pod) => (pod.uid === uid ? { ...pod, condition } : pod));
    },
    // It changes nothing: no test of these reads a Node's status again.
    async patchNodeStatus() {},
    async writeEvent(event) {
      cluster.events.push(event);
    },
  };
  return cluster;
}

/** A network in namespace `default` of ipvlan on `master`, whose host-local range is .70 to .90. */
export function ipvlanDefinition(name: string, master: string): NetworkAttachmentDefinition {
  const subnet = '172.16.1.0/24';
  const range = { subnet, rangeStart: '172.16.1.70', rangeEnd: '172.16.1.90' };
  const ranges = [[range], [{ subnet: '2001:db8:0:1::70/124' }]];
  const config = JSON.stringify({ type: 'ipvlan', master, ipam: { type: 'host-local', ranges } });
  return { namespace: 'default', name, uid: `uid-${name}`, config, annotations: {} };
}

interface PodSpec extends Partial<Omit<Pod, 'node' | 'name'>> {
  /** The network of the one attachment; default `default/eth1`. */
  readonly network?: string;
}

/** A pod with one attachment that has `ips`, as Multus would write it. */
export function podWith(
  node: string,
  name: string,
  ips: readonly string[],
  spec: PodSpec = {},
): Pod {
  const { network = 'default/eth1', ...rest } = spec;
  const status = [
    { name: 'cbr0', default: true, ips: ['10.0.0.9'] },
    { name: network, interface: 'net1', ips },
  ];
  const annotations = { [NETWORK_STATUS]: JSON.stringify(status) };
  return plainPod({ name, uid: `uid-${name}`, node, annotations, ...rest });
}
