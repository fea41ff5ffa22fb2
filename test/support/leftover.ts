import type { PodRef } from '../../shared/cluster/kubernetes.ts';
import type { Cloud, StageCluster } from './stage.ts';

/** Leaves addresses on an ENI that the functions had put there for a pod that is gone. */
export async function leaveOn(
  { cloud, cluster }: { readonly cloud: Cloud; readonly cluster: StageCluster },
  eniId: string,
  addresses: readonly string[],
  pod?: PodRef,
): Promise<void> {
  await cluster.recordAddresses(eniId, addresses, pod);
  await cloud.assign(eniId, addresses);
}
