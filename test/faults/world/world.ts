import { type VirtualClock, virtualClock } from '../../../sandbox/clock.ts';
import { createKubernetesApi, type KubernetesApi } from '../../../sandbox/kubernetes/kubernetes.ts';
import { launchWorker, type Worker } from '../../../sandbox/worker.ts';
import { RANGES } from '../../../shared/cluster/annotations.ts';
import { ROOM_LABEL } from '../../../shared/cluster/room-resources.ts';
import type { Clock, Random } from '../../../shared/time/clock.ts';
import { createVirtualEc2, type VirtualEc2 } from './ec2.ts';
import { createVirtualQueues, type VirtualQueues } from './queues.ts';
import { seededRandom } from './random.ts';

/** A worker that a workload begins with. */
export interface WorkerSpec {
  readonly name: string;
  /** Default: the first. */
  readonly cluster?: string;
  /** Default: m5.large, whose ENIs take nine secondary addresses. */
  readonly instanceType?: string;
}

export interface VirtualWorker extends Worker {
  readonly cluster: string;
  readonly instanceType: string;
}

export interface VirtualCluster {
  readonly name: string;
  readonly api: KubernetesApi;
  readonly clock: Clock;
  /** A uid for one more object: not in the order in which they are made. */
  newUid(): string;
  /** Launches an instance, and registers it as a Node. */
  addWorker(spec: WorkerSpec): VirtualWorker;
  /** Registers an instance that runs already. */
  addNode(worker: VirtualWorker): void;
  /** Registers a node that is no EC2 instance. */
  addOutsider(name: string, kind: 'fargate' | 'hybrid'): void;
  /** The newest worker of that name. */
  worker(name: string): VirtualWorker;
  /** `undefined` for a node that is no EC2 instance. */
  findWorker(name: string): VirtualWorker | undefined;
  /** Writes a NetworkAttachmentDefinition anew: as `NETWORKS` has it, but for what is given. */
  editNetwork(name: NetworkName, change?: Partial<Pick<Network, 'deviceIndex' | 'range'>>): void;
  /** The name of the worker that the instance is or was, whether a Node names it or not. */
  workerOf(instanceId: string | undefined): string | undefined;
}

/** One VPC, account and queue, and the clusters in it: nothing listens, and time stands still. */
export interface VirtualWorld {
  readonly clock: VirtualClock;
  readonly random: Random;
  readonly ec2: VirtualEc2;
  readonly queues: VirtualQueues;
  readonly clusters: ReadonlyMap<string, VirtualCluster>;
  /** What is in SSM's Parameter Store, by name. */
  readonly parameters: Map<string, string>;
  /** Nodes are to tell how much room the networks have. */
  readonly room: boolean;
}

/** `net-1` and `net-6` give out ::70 or .70 and more of eth1's subnet, `net-2` .70 to .90 of eth2's. */
export const NETWORKS = [
  { name: 'net-1', deviceIndex: 1, range: '172.16.1.70-172.16.1.230' },
  { name: 'net-2', deviceIndex: 2, range: '172.16.3.70-172.16.3.90' },
  { name: 'net-6', deviceIndex: 1, range: '2600:1f18:1111:1::70-2600:1f18:1111:1::99' },
  /** Gives out nothing: what is static there is in no range. */
  { name: 'loose', deviceIndex: 1, range: undefined },
] as const;
export type NetworkName = (typeof NETWORKS)[number]['name'];

interface Network {
  readonly name: NetworkName;
  readonly deviceIndex: number;
  readonly range: string | undefined;
}

export function createVirtualWorld(options: {
  readonly clusters: readonly string[];
  /** The networks that each cluster has; default `net-1`. */
  readonly networks?: readonly NetworkName[];
  /** Nodes are to tell how much room the networks have. */
  readonly room?: boolean;
  readonly seed?: number;
}): VirtualWorld {
  const clock = virtualClock();
  const random = seededRandom(options.seed ?? 1);
  const ec2 = createVirtualEc2(clock);
  const subnets = [
    ec2.addSubnet({ cidr: '172.20.1.0/24' }),
    ec2.addSubnet({ cidr: '172.16.1.0/24', ipv6Cidrs: ['2600:1f18:1111:1::/64'] }),
    ec2.addSubnet({ cidr: '172.16.3.0/24' }),
  ] as const;
  const { networks = ['net-1'], room = false } = options;
  const parts = { clock, random, ec2, subnets, networks, room };
  const clusters = new Map(options.clusters.map((name) => [name, createCluster(name, parts)]));
  const queues = createVirtualQueues(clock);
  return { clock, random, ec2, queues, clusters, parameters: new Map(), room };
}

interface Parts {
  readonly clock: VirtualClock;
  readonly random: Random;
  readonly ec2: VirtualEc2;
  readonly subnets: readonly [node: string, eth1: string, eth2: string];
  readonly networks: readonly NetworkName[];
  readonly room: boolean;
}

/** As EKS writes them. */
const OUTSIDE_EC2 = {
  fargate: (node: string) => `aws:///us-east-1a/0a1b2c3d-${node}/fargate-${node}`,
  hybrid: (node: string) => `eks-hybrid:///us-east-1/demo/mi-${node}`,
} as const;

/** As in any cluster: a node without any pod is not believed to be one (docs/design.md, "The brake"). */
export function startDaemonSet({ store }: Pick<VirtualCluster, 'api'>['api'], node: string): void {
  const name = `kube-proxy-${node}`;
  store.put('pods', {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: {
      ...{ namespace: 'kube-system', name, uid: `uid-${name}` },
      creationTimestamp: '2026-01-01T00:00:00Z',
    },
    spec: {
      nodeName: node,
      hostNetwork: true,
      containers: [{ name: 'main', image: 'kube-proxy' }],
    },
    status: { phase: 'Running' },
  });
}

function createCluster(
  name: string,
  { clock, random, ec2, subnets: [nodeSubnetId, ...subnets], networks, room }: Parts,
): VirtualCluster {
  const api = createKubernetesApi({ clock, random });
  const { objects } = api;
  for (const network of NETWORKS.filter((each) => networks.includes(each.name)))
    objects.create('network-attachment-definitions', definition(network, room));
  const workers = new Map<string, VirtualWorker>();
  const names = new Map<string, string>();
  const enis = subnets.map((subnetId, index) => ({ subnetId, deviceIndex: index + 1 }));
  const addNode: VirtualCluster['addNode'] = (worker) => {
    const labels = { 'node.kubernetes.io/instance-type': worker.instanceType };
    const providerID = `aws:///us-east-1a/${worker.instanceId}`;
    const metadata = { name: worker.name, labels };
    // What the kubelet says of it.
    const amounts = { cpu: '2' };
    const status = { capacity: amounts, allocatable: amounts };
    objects.create('nodes', { metadata, spec: { providerID }, ...(room && { status }) });
    startDaemonSet(api, worker.name);
  };
  return {
    name,
    api,
    clock,
    newUid: () =>
      Math.floor(random() * 2 ** 52)
        .toString(16)
        .padStart(13, '0'),
    addNode,
    addOutsider(node, kind) {
      objects.create('nodes', {
        metadata: { name: node },
        spec: { providerID: OUTSIDE_EC2[kind](node) },
      });
    },
    addWorker(spec) {
      const { instanceType } = spec;
      const launched = launchWorker(ec2, {
        cluster: name,
        name: spec.name,
        nodeSubnetId,
        enis,
        ...(instanceType === undefined ? {} : { instanceType }),
      });
      const worker = { ...launched, cluster: name };
      workers.set(spec.name, worker);
      names.set(worker.instanceId, worker.name);
      addNode(worker);
      return worker;
    },
    worker(node) {
      const found = workers.get(node);
      if (found === undefined) throw new Error(`cluster ${name} has no worker ${node}`);
      return found;
    },
    findWorker: (node) => workers.get(node),
    editNetwork(network, change = {}) {
      for (const each of NETWORKS.filter((known) => known.name === network)) {
        const { metadata, ...rest } = definition({ ...each, ...change }, room);
        const old = objects.get('network-attachment-definitions', metadata);
        objects.update('network-attachment-definitions', {
          ...rest,
          metadata: { ...old.metadata, ...metadata },
        });
      }
    },
    workerOf: (instanceId) => names.get(instanceId ?? ''),
  };
}

function definition({ name, deviceIndex, range }: Network, room: boolean) {
  const master = `eth${deviceIndex}`;
  const config = { cniVersion: '0.3.1', type: 'ipvlan', master, ipam: { type: 'static' } };
  const annotations = range === undefined ? {} : { [RANGES]: JSON.stringify([range]) };
  return {
    metadata: {
      ...{ name, namespace: 'default', annotations },
      ...(room && { labels: { [ROOM_LABEL]: 'enabled' } }),
    },
    spec: { config: JSON.stringify(config) },
  };
}
