import { KubeConfig } from '@kubernetes/client-node';
import * as z from 'zod';
import type { World } from '../../sandbox/world.ts';
import { kubeConfigTransport } from '../../shared/cluster/authenticated-transport.ts';
import type { Pod } from '../../shared/cluster/kubernetes.ts';
import { podFromObject } from '../../shared/cluster/pods.ts';
import { readLines } from '../../shared/cluster/transport.ts';
import { applyProductAccess, NAMESPACE } from '../../test/e2e/cluster/product-access.ts';
import { type RealCluster, startRealCluster } from '../../test/e2e/cluster/start.ts';
import { APP_IMAGE } from '../../test/e2e/parts/images.ts';
import { type DemoCluster, NODE_NAMES } from '../cluster.ts';
import { checkForReal } from './obstacles.ts';

const LONGEST_LINE = 1024 * 1024;

const watchEvent = z.object({ object: z.unknown() });

/**
 * A cluster of real parts with two nodes, which takes the place of the world's own.
 *
 * @throws MissingForReal if this machine can't have one.
 */
export async function startReal(
  world: World,
  resources: AsyncDisposableStack,
): Promise<DemoCluster> {
  await checkForReal();
  const { ec2, eks, subnets } = world;
  const { name } = world.cluster;
  const real = resources.adopt(
    await startRealCluster({
      ec2,
      eks,
      subnets,
      clusterName: name,
      nodes: NODE_NAMES.length,
      nodeNames: NODE_NAMES,
    }),
    (each) => each.stop(),
  );
  const [first, second] = real.nodes;
  if (first === undefined || second === undefined) throw new Error(`${name} has no two nodes`);
  const admin = await real.kubeconfigFor();
  const config = new KubeConfig();
  config.loadFromString(admin);
  const forwarder = await applyProductAccess(real);
  await Promise.all([first, second].map(({ worker }) => runMultusPod(real, worker.name)));
  return {
    name,
    kubeconfig: admin,
    forwarder: { kubeconfig: forwarder.kubeconfigFor(), namespace: NAMESPACE },
    workers: { first: first.worker, second: second.worker },
    image: APP_IMAGE,
    reachable: (pod, address) => reachable(real, pod, address),
    followPods: (listener) => followPods(config, listener),
    exec: (pod, command) => real.kubectl(['exec', pod, '--', ...command]),
  };
}

/** Each node of a cluster has one; a node without any pod is not believed (docs/design.md, "The brake"). */
async function runMultusPod(real: RealCluster, node: string): Promise<void> {
  const overrides = JSON.stringify({ spec: { nodeName: node, hostNetwork: true } });
  const name = `kube-multus-ds-${node.split('.')[0]}`;
  const namespaced = ['--namespace=kube-system', '--restart=Never'];
  await real.kubectl([
    'run',
    name,
    ...namespaced,
    `--image=${APP_IMAGE}`,
    `--overrides=${overrides}`,
  ]);
}

/** Whether its subnet's router answers the pod, by that address. */
async function reachable(real: RealCluster, pod: Pod, address: string): Promise<boolean> {
  try {
    const from = { namespace: pod.namespace, name: pod.name };
    const { received } = await real.ping(from, routerOf(address), { count: 1 });
    return received === 1;
  } catch {
    // A pod that comes or goes has no network to ping from.
    return false;
  }
}

/** The subnets are of 256 addresses, and the router has the first after the network's own. */
function routerOf(address: string): string {
  return address.replace(/\d+$/, '1');
}

function followPods(config: KubeConfig, listener: (pod: Pod) => void): () => void {
  const ended = new AbortController();
  const follow = async () => {
    const path = '/api/v1/pods?watch=true';
    const answer = await kubeConfigTransport(config)({ path, signal: ended.signal });
    for await (const line of readLines(answer, LONGEST_LINE)) {
      listener(podFromObject(watchEvent.parse(JSON.parse(line)).object));
    }
  };
  // It ends with the signal.
  follow().catch(() => undefined);
  return () => ended.abort();
}
