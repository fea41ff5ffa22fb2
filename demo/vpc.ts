import { reachable as isReachable } from '../sandbox/vpc/vpc.ts';
import type { World } from '../sandbox/world.ts';

/** Whether the pod that uses `address` on `node` answers, as the VPC delivers by now. */
export function reachable({ ec2, cluster }: World, address: string, node: string): boolean {
  const view = {
    holderOf: (text: string) => ec2.holderOf(text),
    nodeOf: (id: string) => cluster.workers().find(({ instanceId }) => instanceId === id)?.name,
    podsWith: (text: string) => cluster.nodes.podsWith(text),
  };
  return isReachable(view, { address, node });
}
