import { readFile } from 'node:fs/promises';
import type { EKSClient } from '@aws-sdk/client-eks';
import { KubeConfig } from '@kubernetes/client-node/dist/config.js';
import { connectKubernetes } from '../shared/cluster/client.ts';
import { clusters } from '../shared/cluster/connect.ts';
import { ClusterUnavailableError } from '../shared/cluster/eks.ts';
import { kubeConfigTransport } from '../shared/cluster/endpoints.ts';
import { describeKubernetesError } from '../shared/cluster/errors.ts';
import type { Pod } from '../shared/cluster/kubernetes.ts';
import type { ApiTransport } from '../shared/cluster/transport.ts';
import type { Clock } from '../shared/time/clock.ts';
import { BadInput, Failed } from './failure.ts';

const REQUEST_TIMEOUT_MS = 15_000;

export interface ClusterChoice {
  readonly cluster: string;
  /** A file whose current context is the cluster; absent: EKS says where it is. */
  readonly kubeconfig?: string;
}

/**
 * All pods of a cluster, read with the operator's own credentials.
 *
 * @param eks of the cluster's region.
 * @throws BadInput where there is no such cluster or kubeconfig; Failed where it can't be read.
 */
export async function podsOf(
  { cluster, kubeconfig }: ClusterChoice,
  eks: EKSClient,
  clock: Clock,
): Promise<Pod[]> {
  if (kubeconfig !== undefined) {
    const transport = await transportOf(kubeconfig);
    const kubernetes = connectKubernetes({
      transport,
      clock,
      requestTimeoutMs: REQUEST_TIMEOUT_MS,
    });
    return unlessRefused(cluster, () => kubernetes.listPods({}));
  }
  return unlessRefused(cluster, async () => {
    const connect = clusters({
      clock,
      region: await eks.config.region(),
      eks: () => eks,
      credentials: () => eks.config.credentials(),
      requestTimeoutMs: REQUEST_TIMEOUT_MS,
    });
    const kubernetes = await connect({ name: cluster });
    return kubernetes.listPods({});
  });
}

async function transportOf(path: string): Promise<ApiTransport> {
  try {
    const config = new KubeConfig();
    config.loadFromString(await readFile(path, 'utf8'));
    return kubeConfigTransport(config);
  } catch (error) {
    const said = error instanceof Error ? error.message : String(error);
    throw new BadInput(`kubeconfig ${path}: ${said}`, { cause: error });
  }
}

async function unlessRefused<T>(cluster: string, read: () => Promise<T>): Promise<T> {
  try {
    return await read();
  } catch (error) {
    const line = describeKubernetesError(error, { cluster });
    if (error instanceof ClusterUnavailableError && error.errorCode === 'cluster-not-found') {
      throw new BadInput(line, { cause: error });
    }
    throw new Failed(line, { cause: error });
  }
}
