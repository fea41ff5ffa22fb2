import type { Ec2 } from '../../sandbox/ec2/engine.ts';
import { createKubernetesApi, type KubernetesApi } from '../../sandbox/kubernetes/kubernetes.ts';
import { launchWorker } from '../../sandbox/worker.ts';
import { RANGES } from '../../shared/cluster/annotations.ts';
import {
  startDaemonSet,
  type VirtualCluster,
  type VirtualWorker,
} from '../../test/faults/world/world.ts';
import type { VirtualTime } from './virtual-time.ts';

export const CLUSTER = 'demo';
/** `net-1` is on eth1 and `net-2` on eth2, each in a subnet of its own. */
export const BENCH_NETWORKS = ['net-1', 'net-2'] as const;
export type BenchNetwork = (typeof BENCH_NETWORKS)[number];

/** A cluster of workers with Multus ENIs: two each, unless more or fewer are asked for. */
export interface BenchCluster
  extends Pick<VirtualCluster, 'api' | 'clock' | 'newUid' | 'findWorker'> {
  readonly name: string;
  /** The first number of its subnets' addresses. */
  readonly network: number;
  readonly workers: readonly VirtualWorker[];
  /** Those that its workers have an ENI for. */
  readonly networks: readonly BenchNetwork[];
  /** The ENI's id. */
  eniOf(node: string, network: BenchNetwork): string;
  readonly subnets: readonly string[];
}

/**
 * @param instanceType of all workers.
 * @param where its name, and the first number of its subnets' addresses.
 * @param enis how many Multus ENIs each worker has. The first two have a network.
 */
export function createCluster(
  ec2: Ec2,
  { clock, random }: VirtualTime,
  nodes: number,
  instanceType: string,
  { name: cluster, network } = { name: CLUSTER, network: 10 },
  enisOfEach: number = BENCH_NETWORKS.length,
): BenchCluster {
  const api = createKubernetesApi({ clock, random });
  const nodeSubnetId = ec2.addSubnet({ cidr: `${network}.0.0.0/16` });
  const subnets = Array.from({ length: enisOfEach }, (_, index) =>
    ec2.addSubnet({ cidr: `${network}.${index + 1}.0.0/16` }),
  );
  const enis = subnets.map((subnetId, index) => ({ subnetId, deviceIndex: index + 1 }));
  for (const index of BENCH_NETWORKS.keys()) createNetwork(api, network, index + 1);
  const workers = Array.from({ length: nodes }, (): VirtualWorker => {
    const worker = launchWorker(ec2, { cluster, instanceType, nodeSubnetId, enis });
    api.objects.create('nodes', {
      metadata: {
        name: worker.name,
        labels: { 'node.kubernetes.io/instance-type': instanceType },
      },
      spec: { providerID: `aws:///us-east-1a/${worker.instanceId}` },
    });
    startDaemonSet(api, worker.name);
    return { ...worker, cluster };
  });
  const byName = new Map(workers.map((worker) => [worker.name, worker]));
  const worker = (name: string): VirtualWorker => {
    const found = byName.get(name);
    if (found === undefined) throw new Error(`there is no worker ${name}`);
    return found;
  };
  let uids = 0;

  return {
    name: cluster,
    network,
    networks: BENCH_NETWORKS.slice(0, enisOfEach),
    api,
    clock,
    workers,
    findWorker: (name) => byName.get(name),
    subnets: [nodeSubnetId, ...subnets],
    // Not in the order in which they are made: it decides where times are equal.
    newUid() {
      uids += 1;
      return `${Math.floor(random() * 2 ** 40).toString(16)}-${uids}`;
    },
    eniOf(node, network) {
      const index = BENCH_NETWORKS.indexOf(network) + 1;
      const eni = worker(node).enis.find(({ deviceIndex }) => deviceIndex === index);
      if (eni === undefined) throw new Error(`${node} has no eth${index}`);
      return eni.id;
    },
  };
}

function createNetwork({ objects }: KubernetesApi, network: number, index: number): void {
  const config = { cniVersion: '0.3.1', type: 'ipvlan', master: `eth${index}` };
  objects.create('network-attachment-definitions', {
    metadata: {
      name: `net-${index}`,
      namespace: 'default',
      annotations: { [RANGES]: JSON.stringify([`${network}.${index}.128.0/17`]) },
    },
    spec: { config: JSON.stringify({ ...config, ipam: { type: 'static' } }) },
  });
}
