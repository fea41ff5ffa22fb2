import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parse } from 'yaml';
import * as z from 'zod';
import { NETWORK_STATUS } from '../../../shared/cluster/annotations.ts';
import type { RealCluster } from '../cluster/start.ts';
import { APP_IMAGE } from '../parts/images.ts';
import { type PodStatus, podStatus, waitFor } from './pods.ts';

const SAMPLES = join(import.meta.dirname, '..', '..', '..', 'deploy', 'samples');

/** A network whose pods choose their addresses themselves. */
export const CHOSEN_NETWORK = {
  apiVersion: 'k8s.cni.cncf.io/v1',
  kind: 'NetworkAttachmentDefinition',
  metadata: { name: 'chosen', annotations: { 'multus-eni.dev/ranges': '["172.16.1.128/25"]' } },
  spec: {
    config: JSON.stringify({
      cniVersion: '0.3.1',
      type: 'ipvlan',
      master: 'eth1',
      ipam: { type: 'static' },
    }),
  },
};

const sample = z.looseObject({
  metadata: z.looseObject({ name: z.string() }),
  spec: z.looseObject({ containers: z.array(z.looseObject({ image: z.string() })) }),
});

/** Applies the walkthrough's networks as they stand. */
export async function applySampleNetworks({ kubectl }: RealCluster): Promise<void> {
  const files = ['ipvlan-conf-1.yaml', 'ipvlan-conf-2.yaml'].map((name) => join(SAMPLES, name));
  await kubectl(['apply', ...files.map((file) => `--filename=${file}`)]);
}

/** Runs one of the walkthrough's pods on a node, with an image that is there, until it is ready. */
export async function runSample(
  cluster: RealCluster,
  name: 'sampleapp' | 'sampleapp-dual',
  node: { readonly name: string },
): Promise<PodStatus> {
  const manifest = sample.parse(parse(readFileSync(join(SAMPLES, `${name}.yaml`), 'utf8')));
  const containers = manifest.spec.containers.map((each) => ({ ...each, image: APP_IMAGE }));
  return runPod(cluster, {
    ...manifest,
    spec: { ...manifest.spec, containers, nodeName: node.name, terminationGracePeriodSeconds: 1 },
  });
}

/** Makes a pod and waits until it is ready. */
export async function runPod(
  cluster: RealCluster,
  manifest: { readonly metadata: { readonly name: string }; readonly spec: unknown },
): Promise<PodStatus> {
  const { name } = manifest.metadata;
  await cluster.api.create('pods', manifest);
  await waitFor(cluster, { name }, 'Ready');
  return podStatus(cluster, { name });
}

/** A pod that does nothing, on a node, with one attachment of a static address. */
export function quietPod(name: string, node: { readonly name: string }, networks: object[]) {
  return {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: {
      name,
      annotations: { 'k8s.v1.cni.cncf.io/networks': JSON.stringify(networks) },
    },
    spec: {
      nodeName: node.name,
      terminationGracePeriodSeconds: 1,
      containers: [{ name: 'app', image: APP_IMAGE, command: ['sleep', '3600'] }],
    },
  };
}

const attachments = z.array(
  z.object({
    interface: z.string().optional(),
    ips: z.array(z.string()).default([]),
    mac: z.string().optional(),
    default: z.boolean().optional(),
  }),
);

/** What Multus wrote of a pod's interfaces, the default network's first. */
export function networkStatusOf({ metadata }: PodStatus): z.infer<typeof attachments> {
  return attachments.parse(JSON.parse(metadata.annotations[NETWORK_STATUS] ?? '[]'));
}

/** The field managers that wrote the pod's network-status. */
export function writersOfNetworkStatus({ metadata }: PodStatus): string[] {
  return metadata.managedFields
    .filter(({ fieldsV1 }) => JSON.stringify(fieldsV1 ?? {}).includes(`"f:${NETWORK_STATUS}"`))
    .map(({ manager }) => manager);
}

/** The address of a pod's interface such as `net1`. */
export function addressOf(pod: PodStatus, interfaceName: string): string {
  const found = networkStatusOf(pod).find((each) => each.interface === interfaceName);
  const [address] = found?.ips ?? [];
  if (address === undefined) throw new Error(`${pod.metadata.name} has no ${interfaceName}`);
  return address;
}
