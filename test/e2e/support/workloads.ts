import { KubeConfig } from '@kubernetes/client-node';
import * as z from 'zod';
import { NETWORK_STATUS } from '../../../shared/cluster/annotations.ts';
import { kubeConfigTransport } from '../../../shared/cluster/authenticated-transport.ts';
import { readLines } from '../../../shared/cluster/transport.ts';
import type { Network } from '../../support/stage.ts';
import type { RealNode } from '../cluster/node.ts';
import type { RealCluster } from '../cluster/start.ts';
import { APP_IMAGE } from '../parts/images.ts';
import type { RealBed } from './real-bed.ts';

const LONGEST_LINE = 1024 * 1024;

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

const change = z.object({
  type: z.enum(['ADDED', 'MODIFIED', 'DELETED', 'BOOKMARK']),
  object: z.object({
    metadata: z.object({
      name: z.string().default(''),
      uid: z.string().default(''),
      annotations: z.record(z.string(), z.string()).default({}),
    }),
    spec: z.object({ nodeName: z.string().optional() }).default({}),
  }),
});

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
  { kubeconfigFor }: RealCluster,
  signal: AbortSignal,
): Promise<ReadonlyMap<string, SeenPod>> {
  const config = new KubeConfig();
  config.loadFromString(await kubeconfigFor());
  const path = '/api/v1/namespaces/default/pods?watch=true';
  const response = await kubeConfigTransport(config)({ path, signal });
  const pods = new Map<string, SeenPod>();
  const follow = async () => {
    for await (const line of readLines(response, LONGEST_LINE)) {
      const { type, object } = change.parse(JSON.parse(line));
      const { uid, name, annotations } = object.metadata;
      const pod = pods.get(uid) ?? { name, addresses: new Set<string>(), gone: false };
      pods.set(uid, pod);
      if (object.spec.nodeName !== undefined) pod.node = object.spec.nodeName;
      for (const address of addressesIn(annotations[NETWORK_STATUS])) pod.addresses.add(address);
      pod.gone = type === 'DELETED';
    }
  };
  // It ends with the signal.
  follow().catch(() => undefined);
  return pods;
}

const interfaces = z.array(
  z.object({ ips: z.array(z.string()).default([]), default: z.boolean().optional() }),
);

function addressesIn(networkStatus: string | undefined): string[] {
  return interfaces
    .parse(JSON.parse(networkStatus || '[]'))
    .filter((each) => each.default !== true)
    .flatMap(({ ips }) => ips);
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
