import { reachable } from '../sandbox/vpc/vpc.ts';
import type { World } from '../sandbox/world.ts';
import { type DemoCluster, NODE_NAMES } from './cluster.ts';
import { followOwnPods } from './latency.ts';
import { ownForwarder } from './product.ts';

/** The world's own cluster, all of it in this process. */
export async function startEmbedded(world: World): Promise<DemoCluster> {
  const { cluster, ec2 } = world;
  const { kubernetes, name } = cluster;
  const [first, second] = NODE_NAMES;
  const view = {
    holderOf: (text: string) => ec2.holderOf(text),
    nodeOf: (id: string) => cluster.workers().find(({ instanceId }) => instanceId === id)?.name,
    podsWith: (text: string) => cluster.nodes.podsWith(text),
  };
  return {
    name,
    kubeconfig: kubernetes.kubeconfig(),
    forwarder: ownForwarder(world),
    workers: {
      first: cluster.addWorker(undefined, { name: first }),
      second: cluster.addWorker(undefined, { name: second }),
    },
    reachable: async ({ node = '' }, address) => reachable(view, { address, node }),
    followPods: followOwnPods(world),
  };
}
