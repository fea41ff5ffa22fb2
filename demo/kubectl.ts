import { readFile } from 'node:fs/promises';
import { KubeConfig, KubernetesObjectApi, loadYaml } from '@kubernetes/client-node';
import * as z from 'zod';
import type { Pod } from '../shared/cluster/kubernetes.ts';
import { podFromObject } from '../shared/cluster/pods.ts';
import type { DemoCluster } from './cluster.ts';

const SAMPLES = new URL('../deploy/samples/', import.meta.url);

const NETWORKS = 'k8s.v1.cni.cncf.io/networks';

const manifest = z.looseObject({
  apiVersion: z.string(),
  kind: z.string(),
  metadata: z.looseObject({
    name: z.string(),
    annotations: z.record(z.string(), z.string()).optional(),
  }),
  spec: z.looseObject({ containers: z.array(z.looseObject({})).optional() }),
});
type Manifest = z.infer<typeof manifest>;

const event = z.object({
  reason: z.string(),
  message: z.string(),
  involvedObject: z.object({ name: z.string() }),
});

export interface KubectlApplyOptions {
  /** Another name than the manifest's. */
  readonly name?: string;
  /** The node that the pod is to run on. */
  readonly node?: string;
  /** Other networks than the manifest's. */
  readonly networks?: string;
}

/** What somebody does with `kubectl` in the guide, through the API server. */
export interface Kubectl {
  /** Creates what a manifest of deploy/samples/ holds. */
  apply(manifest: string, options?: KubectlApplyOptions): Promise<void>;
  deletePod(name: string): Promise<void>;
  /** All pods of the namespace `default`. */
  pods(): Promise<Pod[]>;
  /** The messages of a pod's Events with this reason, oldest first. */
  events(pod: string, reason: string): Promise<string[]>;
}

export function kubectl({ kubeconfig, image }: DemoCluster): Kubectl {
  const config = new KubeConfig();
  config.loadFromString(kubeconfig);
  const api = KubernetesObjectApi.makeApiClient(config);
  const list = async (kind: string) => (await api.list('v1', kind, 'default')).items;
  return {
    async apply(file, options) {
      const text = await readFile(new URL(file, SAMPLES), 'utf8');
      await api.create(changed(manifest.parse(loadYaml(text)), { ...options, image }));
    },
    async deletePod(name) {
      await api.delete({ apiVersion: 'v1', kind: 'Pod', metadata: { namespace: 'default', name } });
    },
    pods: async () => (await list('Pod')).map((object) => podFromObject(object)),
    events: async (pod, reason) =>
      (await list('Event'))
        .map((object) => event.parse(object))
        .filter((each) => each.involvedObject.name === pod && each.reason === reason)
        .map(({ message }) => message),
  };
}

function changed(
  object: Manifest,
  { name, node, networks, image }: KubectlApplyOptions & { readonly image: string | undefined },
): Manifest {
  const { metadata, spec } = object;
  const wanted: Record<string, string> = networks === undefined ? {} : { [NETWORKS]: networks };
  const containers = spec.containers?.map((each) => ({ ...each, ...(image && { image }) }));
  return {
    ...object,
    metadata: {
      ...metadata,
      namespace: 'default',
      ...(name === undefined ? {} : { name }),
      annotations: { ...metadata.annotations, ...wanted },
    },
    spec: {
      ...spec,
      // Nobody at the terminal is to wait half a minute for a shell that ignores SIGTERM.
      ...(containers && { containers, terminationGracePeriodSeconds: 1 }),
      ...(node === undefined ? {} : { nodeSelector: { 'kubernetes.io/hostname': node } }),
    },
  };
}
