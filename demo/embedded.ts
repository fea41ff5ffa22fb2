import { reachable } from '../sandbox/vpc/vpc.ts';
import type { Worker } from '../sandbox/worker.ts';
import type { World } from '../sandbox/world.ts';
import { type DemoCluster, NODE_NAMES } from './cluster.ts';
import { followOwnPods } from './latency.ts';
import { ownForwarder } from './product.ts';

const SYSTEM = 'kube-system';

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
  const { objects } = kubernetes;
  if (objects.find('namespaces', { name: SYSTEM }) === undefined) {
    objects.create('namespaces', { metadata: { name: SYSTEM } });
  }
  const addWorker = (node: string): Worker => {
    const worker = cluster.addWorker(undefined, { name: node });
    objects.create('pods', multusPod(node));
    return worker;
  };
  return {
    name,
    kubeconfig: kubernetes.kubeconfig(),
    forwarder: ownForwarder(world),
    workers: {
      first: addWorker(first),
      second: addWorker(second),
    },
    reachable: async ({ node = '' }, address) => reachable(view, { address, node }),
    followPods: followOwnPods(world),
  };
}

/** Each node of a real cluster has one; a node without any pod is not believed (docs/design.md, "The brake"). */
function multusPod(node: string): object {
  return {
    metadata: { name: `kube-multus-ds-${node.split('.')[0]}`, namespace: SYSTEM },
    spec: {
      nodeName: node,
      hostNetwork: true,
      containers: [{ name: 'kube-multus', image: 'multus-cni' }],
    },
  };
}
