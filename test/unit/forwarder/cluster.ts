import { onTestFinished } from 'vitest';
import { ADMIN_TOKEN } from '../../../sandbox/kubernetes/authentication.ts';
import {
  type KubernetesOptions,
  type RunningKubernetes,
  startKubernetes,
} from '../../../sandbox/kubernetes/kubernetes.ts';
import { NETWORK_STATUS } from '../../../shared/cluster/annotations.ts';
import { tokenTransport } from '../../../shared/cluster/authenticated-transport.ts';
import type { ApiTransport } from '../../../shared/cluster/transport.ts';
import { networkStatusText } from './pods.ts';

export interface Cluster {
  readonly api: RunningKubernetes;
  readonly kube: ApiTransport;
  /** Creates a pod that is bound to `node`, and claims `ips`. Returns its uid. */
  createPod(name: string, node: string, ips: readonly string[]): string;
  /** Multus writes other addresses. */
  setIps(name: string, ips: readonly string[]): void;
  /** The pod's object is gone at once. */
  removePod(name: string): void;
}

/** An API server for one test. */
export async function startCluster(options: KubernetesOptions = {}): Promise<Cluster> {
  const api = await startKubernetes(options);
  onTestFinished(() => api.stop());
  const annotations = (ips: readonly string[]) => ({ [NETWORK_STATUS]: networkStatusText(ips) });
  return {
    api,
    kube: tokenTransport({
      server: api.url,
      caData: api.caData,
      token: async () => ADMIN_TOKEN,
    }),
    createPod(name, node, ips) {
      const pod = api.objects.create('pods', {
        metadata: { name, namespace: 'default', annotations: annotations(ips) },
        spec: { nodeName: node, containers: [{ name: 'main', image: 'busybox' }] },
      });
      return pod.metadata.uid;
    },
    setIps(name, ips) {
      api.objects.patch('pods', { name }, { metadata: { annotations: annotations(ips) } });
    },
    removePod(name) {
      // As of a pod that was marked as terminating before: only that it is gone is told.
      api.store.remove('pods', api.objects.get('pods', { name }));
    },
  };
}
