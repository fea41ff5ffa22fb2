import { fieldAt, isRecord, type KubeObject } from '../../../sandbox/kubernetes/object.ts';
import type { NetworkName, VirtualCluster } from './world.ts';

/** The resource that stands for the room of a network (deploy/room/README.md). */
export function roomOf(network: string): string {
  return `multus-eni.dev/default.${network}`;
}

/** What a Node says of a resource in one of its lists; `undefined` if it says nothing. */
export function saidOf(
  node: KubeObject,
  list: 'capacity' | 'allocatable',
  resource: string,
): number | undefined {
  const amount = amountIn(node.status?.[list], resource);
  return amount === undefined ? undefined : Number(amount);
}

/** The names of resources have dots. */
function amountIn(amounts: unknown, resource: string): unknown {
  return isRecord(amounts) ? amounts[resource] : undefined;
}

/** The pods on a node that request a resource, one each, and have not ended. */
export function requesting(
  { api: { store } }: Pick<VirtualCluster, 'api'>,
  node: string,
  resource: string,
): readonly KubeObject[] {
  return store.list('pods').filter(({ spec, status }) => {
    const [container] = Array.isArray(spec?.containers) ? spec.containers : [];
    const requests = fieldAt(container, 'resources.requests');
    const hasEnded = status?.phase === 'Succeeded' || status?.phase === 'Failed';
    return spec?.nodeName === node && !hasEnded && amountIn(requests, resource) !== undefined;
  });
}

/** Where the scheduler puts a pod that requests a network: `undefined` where no Node has room. */
export function findPlace(cluster: VirtualCluster, network: NetworkName): string | undefined {
  const resource = roomOf(network);
  const nodes = cluster.api.objects.list('nodes');
  return nodes.find((node) => {
    const said = saidOf(node, 'allocatable', resource) ?? 0;
    return said > requesting(cluster, node.metadata.name, resource).length;
  })?.metadata.name;
}
