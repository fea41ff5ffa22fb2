import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { LoggedCall } from '../sandbox/ec2/calls.ts';
import type { Worker } from '../sandbox/worker.ts';
import { startWorld, type World } from '../sandbox/world.ts';
import { type Kubectl, kubectl } from './kubectl.ts';
import { type LatencyMeter, measureLatency } from './latency.ts';
import { bundleFunctions, type Product, startProduct } from './product.ts';

/** What the steps of the demo play on. */
export interface Stage {
  /** A folder of its own, removed at the end. */
  readonly folder: string;
  readonly world: World;
  readonly product: Product;
  readonly kubectl: Kubectl;
  readonly workers: { readonly first: Worker; readonly second: Worker };
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
export async function setStage(resources: AsyncDisposableStack): Promise<Stage> {
  const folder = await mkdtemp(join(tmpdir(), 'multus-eni-demo-'));
  resources.defer(() => rm(folder, { recursive: true, force: true }));
  const [world] = await Promise.all([
    startWorld().then((started) => resources.adopt(started, (each) => each.stop())),
    bundleFunctions(folder),
  ]);
  const product = startProduct(world, folder, resources);
  const { cluster, ec2 } = world;
  // The sample events name this node. It is the second, so that their release of 172.16.1.70
  // meets a pod that has the address by then.
  const named = 'ip-172-16-0-10.ec2.internal';
  const first = cluster.addWorker(undefined, { name: 'ip-172-16-0-20.ec2.internal' });
  const second = cluster.addWorker(undefined, { name: named });

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
    product,
    kubectl: kubectl(cluster.kubernetes),
    workers: { first, second },
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
export function startMeasuring(stage: Stage): void {
  stage.latency ??= measureLatency(stage.world);
}
