import { readFile } from 'node:fs/promises';
import {
  KubeConfig,
  type KubernetesObject,
  KubernetesObjectApi,
  loadYaml,
} from '@kubernetes/client-node';
import * as z from 'zod';
import type { RunningKubernetes } from '../sandbox/kubernetes/kubernetes.ts';

const SAMPLES = new URL('../deploy/samples/', import.meta.url);

const NETWORKS = 'k8s.v1.cni.cncf.io/networks';

type Manifest = KubernetesObject & { readonly spec?: object };

const event = z.object({
  reason: z.string(),
  message: z.string(),
  involvedObject: z.object({ name: z.string() }),
});

export interface ApplyOptions {
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
  apply(manifest: string, options?: ApplyOptions): Promise<void>;
  deletePod(name: string): Promise<void>;
  /** The messages of a pod's Events with this reason, oldest first. */
  events(pod: string, reason: string): string[];
}

export function kubectl(kubernetes: RunningKubernetes): Kubectl {
  const config = new KubeConfig();
  config.loadFromString(kubernetes.kubeconfig());
  const api = KubernetesObjectApi.makeApiClient(config);
  return {
    async apply(manifest, options) {
      const text = await readFile(new URL(manifest, SAMPLES), 'utf8');
      await api.create(changed(loadYaml<Manifest>(text), options));
    },
    async deletePod(name) {
      await api.delete({ apiVersion: 'v1', kind: 'Pod', metadata: { namespace: 'default', name } });
    },
    events: (pod, reason) =>
      kubernetes.objects
        .list('events')
        .map((object) => event.parse(object))
        .filter((each) => each.involvedObject.name === pod && each.reason === reason)
        .map(({ message }) => message),
  };
}

function changed(manifest: Manifest, { name, node, networks }: ApplyOptions = {}): Manifest {
  const { annotations } = manifest.metadata ?? {};
  const wanted: Record<string, string> = networks === undefined ? {} : { [NETWORKS]: networks };
  return {
    ...manifest,
    metadata: {
      ...manifest.metadata,
      ...(name === undefined ? {} : { name }),
      annotations: { ...annotations, ...wanted },
    },
    spec: {
      ...manifest.spec,
      ...(node === undefined ? {} : { nodeSelector: { 'kubernetes.io/hostname': node } }),
    },
  };
}
