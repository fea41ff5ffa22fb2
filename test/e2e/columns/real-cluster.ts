import { admitFunctions } from '../../../sandbox/aws.ts';
import type { EksServer } from '../../../sandbox/eks/server.ts';
import type { NodeToAdd } from '../../../sandbox/kubernetes/nodes/nodes.ts';
import type { Worker as LaunchedWorker } from '../../../sandbox/worker.ts';
import { macOf } from '../../../sandbox/world.ts';
import type { PodRef } from '../../../shared/cluster/kubernetes.ts';
import type { ForwardedCluster } from '../../support/product.ts';
import { stageWorker } from '../../support/sandbox-aws.ts';
import type { StageCluster, WorkerOptions } from '../../support/stage.ts';
import { stageCluster } from '../../support/stage-cluster.ts';
import type { TrackedClock } from '../../support/tracked-clock.ts';
import { eventually } from '../../support/wait.ts';
import { type Api, apiOf } from '../cluster/api.ts';
import { kubeconfig } from '../cluster/kubeconfig.ts';
import { NAMESPACE } from '../cluster/product-access.ts';
import { type Way, wayTo } from './outage.ts';
import type { Plane } from './planes.ts';
import { type StandIns, startStandIns } from './stand-ins.ts';

/** An instance with its ENIs, before it is a Node. */
export type Launched = LaunchedWorker & Pick<NodeToAdd, 'address' | 'instanceType'>;

/** A control plane that a scenario has for itself, with stand-ins for its nodes. */
export interface ScenarioCluster {
  readonly stage: StageCluster;
  readonly forwarded: ForwardedCluster;
  readonly adminKubeconfig: string;
  readonly way: Way;
  /** Waits until the nodes have done what follows from all that was before a pod was made. */
  nodesQuiet(lastPod: PodRef): Promise<void>;
  stop(): Promise<void>;
}

/** Empties a control plane, and makes it the cluster of its name in an account of the sandbox. */
export async function openCluster(options: {
  readonly plane: Plane;
  readonly eks: EksServer;
  readonly clock: TrackedClock;
  readonly emptiesAnnotation?: boolean | undefined;
  readonly launch: (cluster: string, options?: WorkerOptions) => Promise<Launched>;
}): Promise<ScenarioCluster> {
  const { plane, eks, clock, launch, emptiesAnnotation } = options;
  const { name, server, caData, forwarderToken } = plane;
  const api = apiOf(plane);
  await empty(api);
  const workers: Launched[] = [];
  const standIns = await startStandIns({
    api,
    clock,
    emptiesAnnotation,
    macOf: (node, device) => macOf(workers, node, device),
  });
  const way = await wayTo(Number(new URL(server).port));
  const endpoint = `https://127.0.0.1:${way.port}`;
  eks.addCluster({ name, endpoint, caData });
  admitFunctions(eks, name);
  const ca = Buffer.from(caData, 'base64').toString();
  const config = kubeconfig({ server: endpoint, ca, user: { token: forwarderToken } });

  return {
    stage: clusterOf(name, api, standIns, async (workerOptions) => {
      const worker = await launch(name, workerOptions);
      workers.push(worker);
      return worker;
    }),
    forwarded: { name, kubernetes: { kubeconfig: () => config }, leaseNamespace: NAMESPACE },
    adminKubeconfig: kubeconfig({ server: endpoint, ca, user: { token: plane.adminToken } }),
    way,
    async nodesQuiet(lastPod) {
      await standIns.seen('pods', lastPod);
      await standIns.written();
    },
    async stop() {
      await standIns.stop();
      await way.stop();
      // Others use the plane next, for which a scheduler would find what is a node no more.
      await empty(api);
      // The next scenario's ENIs have the same ids.
      await api.deleteAll('eniledgers');
      api.close();
    },
  };
}

function clusterOf(
  name: string,
  api: Api,
  { nodes, seen, written }: StandIns,
  launch: (options?: WorkerOptions) => Promise<Launched>,
): StageCluster {
  const cluster = stageCluster(name, api, {
    async addWorker(options) {
      const worker = await launch(options);
      nodes.addNode(worker);
      await written();
      return stageWorker(name, worker);
    },
    async deleteNode(worker) {
      nodes.removeNode(worker.name);
      await written();
    },
    stopKubelet: async (worker) => nodes.stopKubelet(worker.name),
    startKubelet: async (worker) => nodes.startKubelet(worker.name),
    reboot: async (worker) => nodes.reboot(worker.name),
  });
  return {
    ...cluster,
    async addNamespace(namespace) {
      // One that is deleted stays for a while: those of earlier scenarios are taken again.
      const ref = { name: namespace };
      if ((await api.find('namespaces', ref)) === undefined) await cluster.addNamespace(namespace);
      const account = () => api.find('serviceaccounts', { namespace, name: 'default' });
      await eventually(account).toBeDefined();
    },
    async applyNetwork(network) {
      const applied = await cluster.applyNetwork(network);
      // Multus asks the API server itself.
      await seen('network-attachment-definitions', network);
      return applied;
    },
  };
}

/** Removes what an earlier scenario left. */
async function empty(api: Api): Promise<void> {
  for (const resource of ['pods', 'network-attachment-definitions'] as const) {
    const namespaces = (await api.list(resource)).map(({ metadata }) => metadata.namespace);
    for (const namespace of new Set(namespaces)) await api.deleteAll(resource, namespace);
  }
  await api.deleteAll('nodes');
  await api.deleteAll('leases', NAMESPACE);
}
