import type { Address } from '../../shared/address.ts';
import { NETWORK_STATUS } from '../../shared/cluster/annotations.ts';
import type {
  EventToWrite,
  Kubernetes,
  NetworkAttachmentDefinition,
  Node,
  Pod,
} from '../../shared/cluster/kubernetes.ts';
import type { Entry, Ledger } from '../../shared/cluster/ledgers.ts';
import { plainPod } from './plain-pod.ts';

/** One cluster's objects in plain arrays, which a test changes as it likes. */
export interface InMemoryKubernetes extends Kubernetes {
  pods: Pod[];
  nodes: Node[];
  networks: NetworkAttachmentDefinition[];
  readonly events: EventToWrite[];
  /** The ENILedgers, by ENI. */
  readonly ledgers: Map<string, Ledger>;
}

export function inMemoryKubernetes(): InMemoryKubernetes {
  const cluster: InMemoryKubernetes = {
    pods: [],
    nodes: [],
    networks: [],
    events: [],
    ledgers: new Map(),
    listPods: async ({ node }) =>
      cluster.pods.filter((pod) => node === undefined || pod.node === node),
    getNode: async (name) => cluster.nodes.find((node) => node.name === name),
    listNodes: async () => [...cluster.nodes],
    listWholeNodes: async () => [...cluster.nodes],
    listNetworkAttachmentDefinitions: async () => [...cluster.networks],
    readNetworkAttachmentDefinitions: async (unread) =>
      cluster.networks.filter(({ uid }) => unread.some((each) => each.uid === uid)),
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
    ...ledgersIn(() => cluster.ledgers),
  };
  return cluster;
}

/** As the API server keeps them: a write of another version than the last one is a conflict. */
function ledgersIn(
  all: () => Map<string, Ledger>,
): Pick<Kubernetes, 'readLedger' | 'listLedgers' | 'writeLedger' | 'deleteLedger'> {
  return {
    async readLedger(eniId) {
      return { kind: 'ledger', ledger: all().get(eniId) ?? { eniId, entries: new Map() } };
    },
    async listLedgers() {
      const readings = [...all()].map(
        ([eniId, ledger]) => [eniId, { kind: 'ledger', ledger }] as const,
      );
      return { kind: 'ledgers', byEni: new Map(readings) };
    },
    async writeLedger(ledger) {
      const { eniId, version } = ledger;
      if (all().get(eniId)?.version !== version) return { kind: 'conflict' };
      const written = { ...ledger, version: String(Number(version ?? 0) + 1) };
      all().set(eniId, written);
      return { kind: 'written', ledger: written };
    },
    async deleteLedger({ eniId, version }) {
      if (all().get(eniId)?.version === version) all().delete(eniId);
    },
  };
}

/** Writes down that addresses of an ENI are ours, as the functions had done. */
export function recordIn(
  { ledgers }: Pick<InMemoryKubernetes, 'ledgers'>,
  eniId: string,
  addresses: readonly Address[],
  { state = 'assigned', at = 0, pod }: Partial<Entry> = {},
): void {
  const known = ledgers.get(eniId) ?? { eniId, entries: new Map(), version: '1' };
  const entry = { state, at, ...(pod && { pod }) };
  const entries = new Map([...known.entries, ...addresses.map((each) => [each, entry] as const)]);
  ledgers.set(eniId, { ...known, entries });
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
