import { inject } from 'vitest';
import type { Queue } from '../../../sandbox/aws.ts';
import type { EksServer } from '../../../sandbox/eks/server.ts';
import { systemClock } from '../../../shared/time/clock.ts';
import { type Product, type ProductOptions, startProduct } from '../../support/product.ts';
import { recordedCalls } from '../../support/recorded-calls.ts';
import type {
  Cloud,
  Stage,
  StageFaults,
  StageOptions,
  StageQueue,
  WorkerOptions,
} from '../../support/stage.ts';
import { stageOf } from '../../support/stage-of.ts';
import { stageQueue } from '../../support/stage-queue.ts';
import { type TrackedClock, trackedClock } from '../../support/tracked-clock.ts';
import { type Launched, openCluster, type ScenarioCluster } from './real-cluster.ts';

/** An AWS account for one scenario. */
export interface Account {
  /** Where clusters are described. */
  readonly eks: EksServer;
  readonly queue: Queue;
  readonly environment: Readonly<Record<string, string>>;
  /** Makes the functions known to Lambda, with these variables. */
  installFunctions(
    variables: Readonly<Record<string, string>>,
    clusters: readonly string[],
  ): Promise<void>;
  readonly adaptPoller?: ProductOptions['adaptPoller'];
  launch(cluster: string, options?: WorkerOptions): Promise<Launched>;
  cloud(product: Product): Cloud;
  insideQueue(product: Product): Pick<StageQueue, 'deadLetters' | 'size'>;
  faults(outage: Pick<StageFaults, 'goDown' | 'comeUp'>): StageFaults;
  stop(): Promise<void>;
}

/** Starts the product on control planes of real parts and an account. */
export async function startRealStage(
  options: StageOptions,
  startAccount: (clock: TrackedClock) => Promise<Account>,
): Promise<Stage> {
  const configured = options.clusters ?? [{ name: 'demo' }];
  const clock = trackedClock(systemClock);
  const account = await startAccount(clock);
  const { eks, launch } = account;
  const { emptiesAnnotation } = options;
  const opened = new Map<string, ScenarioCluster>();
  for (const { name } of configured) {
    const plane = inject('planes').find((each) => each.name === name);
    if (plane === undefined) throw new Error(`there is no control plane for the cluster ${name}`);
    opened.set(name, await openCluster({ plane, eks, clock, emptiesAnnotation, launch }));
  }
  const calls = recordedCalls();
  const variables = { CLUSTERS: JSON.stringify(configured) };
  const { adaptPoller } = account;
  const environment = { ...account.environment, ...variables };
  await account.installFunctions(environment, [...opened.keys()]);
  const product = startProduct({ ...account, clock }, { variables, wrap: calls.wrap, adaptPoller });
  if (options.forwarder ?? true) {
    for (const { forwarded } of opened.values()) await product.startForwarder(forwarded);
  }
  if (options.delivery ?? true) product.startDelivery();

  return stageOf({
    product,
    clock,
    calls,
    clusters: new Map([...opened].map(([name, { stage }]) => [name, stage])),
    cloud: account.cloud(product),
    queue: stageQueue(product, account.queue.url, account.insideQueue(product)),
    operator: { environment, kubeconfig: [...opened.values()][0]?.adminKubeconfig ?? '' },
    faults: () => account.faults(outagesOf(opened)),
    async nodesQuiet({ name }, lastPod) {
      await opened.get(name)?.nodesQuiet(lastPod);
    },
    async stop() {
      await product.stop();
      for (const cluster of opened.values()) await cluster.stop();
      await account.stop();
    },
  });
}

function outagesOf(
  clusters: ReadonlyMap<string, ScenarioCluster>,
): Pick<StageFaults, 'goDown' | 'comeUp'> {
  return {
    goDown: (cluster) => clusters.get(cluster)?.way.cut(),
    comeUp: (cluster) => clusters.get(cluster)?.way.open(),
  };
}
