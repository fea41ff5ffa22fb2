import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { LoggedCall } from '../sandbox/ec2/calls.ts';
import { startWorld, type World } from '../sandbox/world.ts';
import type { DemoCluster, StartCluster } from './cluster.ts';
import { startEmbedded } from './embedded.ts';
import { type Joined, joinByTemplate } from './join.ts';
import { type Kubectl, kubectl } from './kubectl.ts';
import { type LatencyMeter, measureLatency } from './latency.ts';
import { bundleFunctions, type Product, startProduct } from './product.ts';

/** What the steps of the demo play on. */
export interface DemoStage {
  /** A folder of its own, removed at the end. */
  readonly folder: string;
  readonly world: World;
  readonly cluster: DemoCluster;
  readonly kubectl: Kubectl;
  readonly product: Product;
  /** How its stack has the cluster swept. */
  readonly sweep: Joined['sweep'];
  readonly workers: DemoCluster['workers'];
  /** The product's EC2 calls so far, those by hand left out. */
  readonly calls: readonly LoggedCall[];
  /** Does something to EC2 by hand. */
  byHand<T>(task: () => Promise<T>): Promise<T>;
  /** How often EC2's state has changed. */
  changes(): number;
  /** Absent until the functions are warm. */
  latency?: LatencyMeter;
}

/** Two workers as in the guide, with nothing on them and nothing delivered yet. All of it ends with `resources`. */
export async function setStage(
  resources: AsyncDisposableStack,
  startCluster: StartCluster = startEmbedded,
): Promise<DemoStage> {
  const folder = await mkdtemp(join(tmpdir(), 'multus-eni-demo-'));
  resources.defer(() => rm(folder, { recursive: true, force: true }));
  const inWorld = async () => {
    const world = resources.adopt(await startWorld(), (each) => each.stop());
    return { world, cluster: await startCluster(world, resources) };
  };
  const [{ world: account, cluster }] = await Promise.all([inWorld(), bundleFunctions(folder)]);
  const { world, concurrency, sweep } = joinByTemplate(account);
  const product = startProduct(world, folder, resources, cluster, concurrency);
  const { ec2 } = world;

  const calls: LoggedCall[] = [];
  let handsOff = true;
  ec2.calls.subscribe((call) => {
    if (handsOff) calls.push(call);
  });
  let changes = 0;
  ec2.onChange(() => {
    changes += 1;
  });
  return {
    folder,
    world,
    cluster,
    kubectl: kubectl(cluster),
    product,
    sweep,
    workers: cluster.workers,
    calls,
    async byHand(task) {
      handsOff = false;
      try {
        return await task();
      } finally {
        handsOff = true;
      }
    },
    changes: () => changes,
  };
}

/** Begins to measure: from now on the functions are warm. */
export function startMeasuring(stage: DemoStage): void {
  stage.latency ??= measureLatency(stage.world, stage.cluster.followPods);
}
