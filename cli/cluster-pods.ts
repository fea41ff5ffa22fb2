import type { EKSClient } from '@aws-sdk/client-eks';
import type { Pod } from '../shared/cluster/kubernetes.ts';
import type { Clock } from '../shared/time/clock.ts';
import { unlessRefused } from './access/access.ts';
import { apiOfEks, apiOfKubeconfig } from './access/kubernetes.ts';

export interface ReachedCluster {
  readonly cluster: string;
  /** A file whose current context is the cluster; absent: EKS says where it is. */
  readonly kubeconfig?: string;
}

/**
 * All pods of a cluster, read with the operator's own credentials.
 *
 * @param eks of the cluster's region.
 * @throws BadInput if there is no such cluster or kubeconfig; Failed if it can't be read.
 */
export async function podsOf(
  { cluster, kubeconfig }: ReachedCluster,
  eks: EKSClient,
  clock: Clock,
): Promise<Pod[]> {
  return unlessRefused(cluster, async () => {
    const api =
      kubeconfig === undefined
        ? await apiOfEks(eks, cluster, clock)
        : (await apiOfKubeconfig(kubeconfig, undefined, clock)).api;
    return api.kubernetes.listPods({});
  });
}
