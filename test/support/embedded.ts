import { forwarderRoleId } from '../../resources/forwarder-identity.ts';
import { ROLE_IDS } from '../../resources/function-roles.ts';
import type { World, WorldCluster } from '../../sandbox/world.ts';
import { systemClock } from '../../shared/time/clock.ts';
import { authorized } from './authorized.ts';
import { startBed } from './bed.ts';
import { recordedCalls } from './recorded-calls.ts';
import {
  insideSandboxQueue,
  sandboxCloud,
  sandboxFaults,
  stageWorker,
  workerEnis,
} from './sandbox-aws.ts';
import type { Column, Stage, StageCluster, StageFaults, StageOptions } from './stage.ts';
import { type ClusterObjects, stageCluster } from './stage-cluster.ts';
import { stageOf } from './stage-of.ts';
import { stageQueue } from './stage-queue.ts';
import { trackedClock } from './tracked-clock.ts';

/** The sandbox can do everything. */
export const embedded: Column = { lacks: {}, start: startEmbedded };

async function startEmbedded(options: StageOptions): Promise<Stage> {
  const configured = options.clusters ?? [{ name: 'demo' }];
  const calls = recordedCalls();
  const clock = trackedClock(systemClock);
  const as = authorized(() => bed.world, configured);
  const bed = await startBed({
    clock,
    clusters: configured.map(({ name }) => name),
    emptiesAnnotation: options.emptiesAnnotation,
    variables: { CLUSTERS: JSON.stringify(configured) },
    wrap: calls.wrap,
  });
  const { world } = bed;
  const clusters = new Map<string, StageCluster>();
  for (const cluster of world.clusters.values()) {
    clusters.set(cluster.name, embeddedCluster(world, cluster));
    if (options.forwarder ?? true) {
      await as(forwarderRoleId(cluster), () => bed.startForwarder(cluster));
    }
  }
  if (options.delivery ?? true) as(ROLE_IDS.reconcile, () => bed.startDelivery());
  return stageOf({
    product: { ...bed, sweep: () => as(ROLE_IDS.sweep, bed.sweep) },
    clock,
    calls,
    clusters,
    cloud: sandboxCloud(world, bed),
    queue: stageQueue(bed, world.queue.url, insideSandboxQueue(world)),
    operator: {
      kubeconfig: world.cluster.kubernetes.kubeconfig(),
      environment: world.environment,
    },
    faults: () => sandboxFaults(world, outagesOf(world)),
    stop: bed.stop,
  });
}

/** One cluster of the sandbox's world, in the words of the scenarios. */
export function embeddedCluster(
  world: World,
  { name, kubernetes, ...cluster }: WorldCluster,
): StageCluster {
  const { nodes } = cluster;
  const { objects } = kubernetes;
  const api: ClusterObjects = {
    find: async (...asked) => objects.find(...asked),
    list: async (resource) => objects.list(resource),
    create: async (...asked) => objects.create(...asked),
    patch: async (...asked) => objects.patch(...asked),
    delete: async (...asked) => objects.delete(...asked),
  };
  return stageCluster(name, api, {
    async addWorker(options) {
      const enis = workerEnis(world, options);
      const { instanceType } = options ?? {};
      return stageWorker(name, cluster.addWorker(enis, { instanceType }));
    },
    deleteNode: async (worker) => nodes.removeNode(worker.name),
    stopKubelet: async (worker) => nodes.stopKubelet(worker.name),
    startKubelet: async (worker) => nodes.startKubelet(worker.name),
    reboot: async (worker) => nodes.reboot(worker.name),
  });
}

function outagesOf({ clusters }: World): Pick<StageFaults, 'goDown' | 'comeUp'> {
  const faultsOf = (name: string) => {
    const cluster = clusters.get(name);
    if (cluster === undefined) throw new Error(`there is no cluster ${name}`);
    return cluster.kubernetes.faults;
  };
  return {
    goDown: (cluster) => faultsOf(cluster).goDown('unreachable'),
    comeUp: (cluster) => faultsOf(cluster).comeUp(),
  };
}
