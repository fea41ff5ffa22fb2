import { fieldAt } from '../../sandbox/kubernetes/object.ts';
import { CONDITION_TYPE } from '../../shared/cluster/kubernetes.ts';
import { type Attached, createPod, type VirtualPod } from '../../test/faults/world/pods.ts';
import type { VirtualWorker } from '../../test/faults/world/world.ts';
import type { Addresses } from './addresses.ts';
import { BENCH_NETWORKS, type BenchCluster, type BenchNetwork } from './cluster.ts';

/** A pod with an address on each network, of which the scenario does what kubelet and Multus would. */
export interface BenchPod extends Pick<VirtualPod, 'node' | 'terminate'> {
  readonly cluster: string;
  readonly addresses: readonly BenchAddress[];
  /** Multus has attached it. It waits for its addresses from now on. */
  attach(): void;
  /** Its containers run. */
  run(): void;
  /** Its object goes. Its addresses are left over from now on. */
  remove(): void;
  /** Its condition is True. */
  isTold(): boolean;
}

export interface BenchAddress extends Attached {
  readonly network: BenchNetwork;
  /** The ENI on which it belongs. */
  readonly eniId: string;
  /** How long from attaching the pod until its ENI had the address. */
  assignedMs?: number;
  /** How long from the end of the pod's object until the ENI had let go of the address. */
  releasedMs?: number;
}

export interface BenchPodSpec {
  /** One for each network; unless given the next that are free. */
  readonly ips?: readonly string[];
  /** Our condition is its readiness gate. */
  readonly gated?: boolean;
}

export interface Pods {
  create(worker: VirtualWorker, spec?: BenchPodSpec): BenchPod;
  /** Its addresses are given out again, after those that were given back before. */
  giveBack(pod: BenchPod): void;
}

export function createPods(cluster: BenchCluster, addresses: Addresses): Pods {
  const { clock, api } = cluster;
  const given = new Map<BenchNetwork, number>();
  const told = watchTold(cluster);
  const returned = new Map<BenchNetwork, string[]>(BENCH_NETWORKS.map((network) => [network, []]));
  let count = 0;

  const nextIp = (network: BenchNetwork): string => {
    const again = returned.get(network)?.shift();
    if (again !== undefined) return again;
    const number = (given.get(network) ?? 0) + 1;
    given.set(network, number);
    const subnet = BENCH_NETWORKS.indexOf(network) + 1;
    return `${cluster.network}.${subnet}.${128 + Math.floor(number / 250)}.${(number % 250) + 1}`;
  };

  return {
    create(worker, { ips, gated = false } = {}) {
      count += 1;
      const pod = createPod(cluster, `app-${count}`, { node: worker.name, gated });
      const { name, namespace, node } = pod;
      const placed = cluster.networks.map(
        (network, index): BenchAddress => ({
          network,
          ip: ips?.[index] ?? nextIp(network),
          eniId: cluster.eniOf(node, network),
        }),
      );
      return {
        ...{ node, cluster: cluster.name },
        addresses: placed,
        terminate: pod.terminate,
        attach() {
          pod.attach(...placed);
          const since = clock.now();
          for (const each of placed) {
            addresses.when('there', each.ip, each.eniId, () => {
              each.assignedMs = clock.now() - since;
            });
          }
        },
        run() {
          const status = { phase: 'Running' };
          api.objects.patch('pods', { namespace, name }, { status }, { subresource: 'status' });
        },
        remove() {
          pod.remove();
          const since = clock.now();
          for (const each of placed) {
            addresses.when('gone', each.ip, each.eniId, () => {
              each.releasedMs = clock.now() - since;
            });
          }
        },
        isTold: () => told.has(pod.uid),
      };
    },
    giveBack({ addresses: all }) {
      for (const { network, ip } of all) returned.get(network)?.push(ip);
    },
  };
}

/** The uids of the pods whose condition is True, kept up with each change. */
function watchTold({ api }: BenchCluster): ReadonlySet<string> {
  const told = new Set<string>();
  api.store.onChange(({ resource, type, object }) => {
    if (resource !== 'pods') return;
    const conditions: unknown = object.status?.conditions;
    const isTold = Array.isArray(conditions) && conditions.some(isOursAndTrue);
    if (isTold && type !== 'DELETED') told.add(object.metadata.uid);
    else told.delete(object.metadata.uid);
  });
  return told;
}

function isOursAndTrue(condition: unknown): boolean {
  return fieldAt(condition, 'type') === CONDITION_TYPE && fieldAt(condition, 'status') === 'True';
}
