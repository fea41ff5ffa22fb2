import { podFromObject } from '../../../shared/cluster/pods.ts';
import type { Network } from '../../support/stage.ts';
import { attachedIps } from '../../support/stage-cluster.ts';
import type { RealNode } from '../cluster/node.ts';
import type { RealCluster } from '../cluster/start.ts';
import { APP_IMAGE } from '../parts/images.ts';
import { watchPods } from './pods.ts';
import type { RealBed } from './real-bed.ts';

/** Creates objects. */
export async function create({ kubectl }: RealCluster, ...objects: object[]): Promise<void> {
  const list = { apiVersion: 'v1', kind: 'List', items: objects };
  await kubectl(['create', '--filename=-'], { input: JSON.stringify(list) });
}

/** A network as its NetworkAttachmentDefinition. */
export function definitionOf({ name, annotations, config }: Network): object {
  return {
    apiVersion: 'k8s.cni.cncf.io/v1',
    kind: 'NetworkAttachmentDefinition',
    metadata: { name, ...(annotations !== undefined && { annotations }) },
    spec: { config: JSON.stringify({ cniVersion: '0.3.1', name, ...config }) },
  };
}

/** A Deployment or StatefulSet whose pods do nothing; it may be changed before it is created. */
export function workload(
  kind: 'Deployment' | 'StatefulSet',
  name: string,
  options: {
    readonly replicas: number;
    /** As `k8s.v1.cni.cncf.io/networks` has them. */
    readonly networks: readonly object[];
    /** Of the workload. */
    readonly spec?: object;
    /** Of its pods. */
    readonly podSpec?: object;
  },
): object {
  const labels = { app: name };
  const annotations = { 'k8s.v1.cni.cncf.io/networks': JSON.stringify(options.networks) };
  return {
    apiVersion: 'apps/v1',
    kind,
    metadata: { name },
    spec: {
      replicas: options.replicas,
      selector: { matchLabels: labels },
      ...options.spec,
      template: {
        metadata: { labels, annotations },
        spec: {
          terminationGracePeriodSeconds: 1,
          containers: [{ name: 'app', image: APP_IMAGE, command: ['sleep', '3600'] }],
          ...options.podSpec,
        },
      },
    },
  };
}

/** What an observer has seen of one pod. */
export interface SeenPod {
  readonly name: string;
  node?: string;
  /** Every address that its network-status ever named. */
  readonly addresses: Set<string>;
  gone: boolean;
}

/** Follows the pods of the namespace `default` from now on, those that are gone included. */
export async function observePods(
  cluster: RealCluster,
  signal: AbortSignal,
): Promise<ReadonlyMap<string, SeenPod>> {
  const pods = new Map<string, SeenPod>();
  await watchPods(cluster, signal, ({ type, object }) => {
    const pod = podFromObject(object);
    const seen = pods.get(pod.uid) ?? { name: pod.name, addresses: new Set<string>(), gone: false };
    pods.set(pod.uid, seen);
    if (pod.node !== undefined) seen.node = pod.node;
    for (const address of attachedIps(pod)) seen.addresses.add(address);
    seen.gone = type === 'DELETED';
  });
  return pods;
}

/** What EC2 put onto the nodes' second and third ENIs. */
export interface Assignment {
  readonly node: string;
  readonly address: string;
  /** The pods that an observer of them knew at that moment and that were not gone. */
  readonly pods: readonly SeenPod[];
}

/** Notes every address that EC2 assigns from now on. */
export function recordAssignments(
  { bed, cluster }: RealBed,
  pods: ReadonlyMap<string, SeenPod>,
): { readonly assignments: readonly Assignment[]; stop(): void } {
  const assignments: Assignment[] = [];
  const managed = cluster.nodes.flatMap(({ name, worker }) =>
    worker.enis.filter(({ deviceIndex }) => deviceIndex > 0).map(({ id }) => ({ id, node: name })),
  );
  const stop = bed.world.ec2.onChange(({ before, after }) => {
    for (const { id, node } of managed) {
      const had = before.enis.get(id)?.secondary ?? [];
      const added = (after.enis.get(id)?.secondary ?? []).filter((each) => !had.includes(each));
      const alive = added.length === 0 ? [] : [...pods.values()].filter(({ gone }) => !gone);
      for (const address of added) assignments.push({ node, address, pods: alive });
    }
  });
  return { assignments, stop };
}

/** The addresses on a node's ENIs that pods use, sorted. */
export function addressesOn({ bed }: RealBed, { worker }: RealNode): string[] {
  return worker.enis
    .filter(({ deviceIndex }) => deviceIndex > 0)
    .flatMap(({ id }) => bed.world.ec2.eni(id).secondary)
    .toSorted();
}
