import { join } from 'node:path';
import { stop as stopEsbuild } from 'esbuild';
import { CREDENTIALS, STAGE } from '../sandbox/aws.ts';
import {
  type EventSourceMapping,
  type Invocation,
  startEventSourceMapping,
} from '../sandbox/lambda/event-source-mapping.ts';
import type { LambdaFunction } from '../sandbox/lambda/function.ts';
import { startFunction } from '../sandbox/lambda/start-function.ts';
import type { World } from '../sandbox/world.ts';
import { bundleFunction, FUNCTIONS, type FunctionName } from '../scripts/bundle.ts';
import type { DemoCluster } from './cluster.ts';
import { type Forwarder, spawnForwarder } from './forwarder.ts';
import { isolated } from './isolated.ts';

/** As in serverless.yml. */
const TIMEOUTS_MS = { reconcile: 60_000, sweep: 120_000 };
const MEMORY_MB = 512;
const MAXIMUM_CONCURRENCY = 20;

/** The product as it is deployed, on a world of the sandbox. */
export interface Product {
  /** The bundled functions, each in execution environments of its own. */
  readonly reconcile: LambdaFunction;
  readonly sweep: LambdaFunction;
  /** Begins to deliver the queue to `reconcile`. */
  startDelivery(): void;
  /** The invocations by the queue so far. */
  readonly invocations: readonly Invocation[];
  /** Starts the forwarder, as a process of its own; there is one at a time. */
  startForwarder(): Promise<void>;
  /** Ends it as Kubernetes does, with SIGTERM. */
  stopForwarder(): Promise<void>;
  /** What functions and forwarder logged so far, a line each. */
  readonly log: readonly string[];
  /** Tells of each further line. */
  onLog(listener: (line: string) => void): void;
}

/**
 * Bundles the functions into `folder`, as they are deployed.
 *
 * @throws esbuild's BuildFailure.
 */
export async function bundleFunctions(folder: string): Promise<void> {
  await Promise.all(FUNCTIONS.map((name) => bundleFunction(name, folder)));
  // esbuild works in a process of its own, which would stay.
  await stopEsbuild();
}

/**
 * Makes the functions that were bundled into `folder` ready. Nothing is delivered or
 * forwarded yet. All that runs is ended with `resources`.
 */
export function startProduct(
  world: World,
  folder: string,
  resources: AsyncDisposableStack,
  cluster: Pick<DemoCluster, 'name' | 'forwarder'> = {
    name: world.cluster.name,
    forwarder: ownForwarder(world),
  },
  concurrency = MAXIMUM_CONCURRENCY,
): Product {
  const log: string[] = [];
  const listeners: ((line: string) => void)[] = [];
  const tell = (line: string): void => {
    log.push(line);
    for (const listener of listeners) listener(line);
  };
  const invocations: Invocation[] = [];
  const functionNamed = (name: FunctionName): LambdaFunction => {
    const started = startFunction({
      name,
      bundle: join(folder, name, 'index.js'),
      env: isolated(world.environment),
      timeoutMs: TIMEOUTS_MS[name],
      memoryMb: MEMORY_MB,
      onLog(line) {
        tell(line);
        world.cloudWatch.log(`/aws/lambda/multus-eni-reconciler-${STAGE}-${name}`, line);
      },
    });
    return resources.adopt(started, (each) => each.stop());
  };
  const reconcile = functionNamed('reconcile');
  const sweep = functionNamed('sweep');
  let forwarder: Forwarder | undefined;
  const stopForwarder = async (): Promise<void> => {
    await forwarder?.stop();
    forwarder = undefined;
  };
  resources.defer(stopForwarder);

  return {
    reconcile,
    sweep,
    invocations,
    log,
    onLog: (listener) => void listeners.push(listener),
    startDelivery() {
      const mapping = deliver(world, reconcile, concurrency, invocations);
      resources.adopt(mapping, (each) => each.stop());
    },
    async startForwarder() {
      forwarder = spawnForwarder({ world, folder, cluster }, tell);
      await forwarder.leading();
    },
    stopForwarder,
  };
}

/** What a forwarder of the world's own cluster is told. */
export function ownForwarder({ cluster: { kubernetes } }: World): DemoCluster['forwarder'] {
  return { kubeconfig: kubernetes.kubeconfig(), namespace: 'default' };
}

function deliver(
  world: World,
  reconcile: LambdaFunction,
  maximumConcurrency: number,
  invocations: Invocation[],
): EventSourceMapping {
  const { queue, sqs } = world;
  return startEventSourceMapping({
    sqs: {
      endpoint: sqs.endpoint,
      region: sqs.region,
      credentials: CREDENTIALS,
    },
    queueUrl: queue.url,
    queueArn: queue.arn,
    handler: reconcile,
    maximumConcurrency,
    onInvocation: (invocation) => void invocations.push(invocation),
  });
}
