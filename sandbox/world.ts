import { type Clock, type Random, systemClock } from '../shared/time/clock.ts';
import { VERSION } from '../shared/version.ts';
import { ACCOUNT, type Aws, admitFunctions, REGION, ROLE_ARN, STAGE, startAws } from './aws.ts';
import { type Authorize, acceptAdminToken } from './kubernetes/authentication.ts';
import { type RunningKubernetes, startKubernetes } from './kubernetes/kubernetes.ts';
import { type Nodes, startNodes } from './kubernetes/nodes/nodes.ts';
import { joinCluster, launchWorker, type Worker, type WorkerEni } from './worker.ts';

export interface WorldOptions {
  readonly clock?: Clock;
  readonly random?: Random;
  /** The names of the clusters; default one, `demo`. */
  readonly clusters?: readonly string[];
  readonly maxReceiveCount?: number;
  /** As Multus 3 does when a pod goes; default false, as Multus 4. */
  readonly emptiesAnnotation?: boolean;
  readonly terminationMs?: number;
  /** What callers of the API servers may do; default everything. */
  readonly authorize?: Authorize;
}

/** One cluster of the world. */
export interface WorldCluster {
  readonly name: string;
  readonly kubernetes: RunningKubernetes;
  readonly nodes: Nodes;
  /** Launches an instance and registers it as a Node. */
  addWorker(
    enis?: readonly WorkerEni[],
    options?: { name?: string; instanceType?: string },
  ): Worker;
  workers(): readonly Worker[];
}

/** An AWS account with EKS clusters, their nodes and pods. */
export interface World extends Aws {
  readonly clock: Clock;
  readonly clusters: ReadonlyMap<string, WorldCluster>;
  /** The first cluster. */
  readonly cluster: WorldCluster;
}

/** Starts a world; `stop()` ends all of it. */
export async function startWorld(options: WorldOptions = {}): Promise<World> {
  const { clock = systemClock, random = Math.random, clusters: names = ['demo'] } = options;
  const aws = await startAws({ clock, maxReceiveCount: options.maxReceiveCount });
  const clusters = new Map<string, WorldCluster & { stop(): Promise<void> }>();
  const parts: Parts = { aws, clock, random, options };
  for (const name of names) clusters.set(name, await startCluster(name, parts));
  const [cluster] = clusters.values();
  if (cluster === undefined) throw new Error('a world has at least one cluster');

  const environment = {
    ...aws.environment,
    CLUSTERS: JSON.stringify(names.map((name) => ({ name }))),
    PRODUCT_VERSION: VERSION,
  };
  installFunctions(aws, environment, names);
  return {
    ...aws,
    clock,
    clusters,
    cluster,
    environment,
    async stop() {
      await Promise.all([...clusters.values()].map((entry) => entry.stop()));
      await aws.stop();
    },
  };
}

/** The functions of the stage, as Lambda and SSM know them, with what invokes them. */
export function installFunctions(
  { lambda, scheduler, ssm, queue }: Pick<Aws, 'lambda' | 'scheduler' | 'ssm' | 'queue'>,
  environment: Readonly<Record<string, string>>,
  clusters: readonly string[],
): void {
  const nameOf = (each: string): string => `multus-eni-reconciler-${STAGE}-${each}`;
  configureStage({ lambda, ssm }, environment);
  lambda.setMapping({
    ...{ functionName: nameOf('reconcile'), queueArn: queue.arn, maximumConcurrency: 4 },
  });
  for (const cluster of clusters) {
    scheduler.setSchedule({
      name: nameOf(`SweepSchedule-${cluster}`),
      targetArn: `arn:aws:lambda:${REGION}:${ACCOUNT}:function:${nameOf('sweep')}`,
      input: JSON.stringify({ cluster }),
    });
  }
}

/** Gives both functions these variables, as a deployment of the stage does. */
export function configureStage(
  { lambda, ssm }: Pick<Aws, 'lambda' | 'ssm'>,
  environment: Readonly<Record<string, string>>,
): void {
  for (const each of ['reconcile', 'sweep']) {
    const name = `multus-eni-reconciler-${STAGE}-${each}`;
    lambda.setConfiguration(name, environment, { role: ROLE_ARN });
  }
  ssm.putParameter(`/multus-eni-reconciler/${STAGE}/settings`, JSON.stringify(environment));
}

interface Parts {
  readonly aws: Aws;
  readonly clock: Clock;
  readonly random: Random;
  readonly options: WorldOptions;
}

async function startCluster(
  name: string,
  { aws, clock, random, options }: Parts,
): Promise<WorldCluster & { stop(): Promise<void> }> {
  const { ec2, eks, subnets } = aws;
  const authenticateEks = eks.authenticator(name);
  const kubernetes = await startKubernetes({
    clock,
    random,
    ...(options.authorize && { authorize: options.authorize }),
    authenticate: async (token) => (await acceptAdminToken(token)) ?? authenticateEks(token),
  });
  eks.addCluster({ name, endpoint: kubernetes.url, caData: kubernetes.caData });
  admitFunctions(eks, name);
  const workers: Worker[] = [];
  const nodes = startNodes({
    store: kubernetes.store,
    objects: kubernetes.objects,
    clock,
    random,
    macOf: (node, device) => macOf(workers, node, device),
    emptiesAnnotation: options.emptiesAnnotation,
    terminationMs: options.terminationMs,
  });
  const usual: readonly WorkerEni[] = [
    { deviceIndex: 1, subnetId: subnets.multus1 },
    { deviceIndex: 2, subnetId: subnets.multus2 },
  ];
  return {
    name,
    kubernetes,
    nodes,
    workers: () => workers,
    addWorker(enis = usual, more = {}) {
      const worker = launchWorker(ec2, {
        cluster: name,
        nodeSubnetId: subnets.node,
        enis,
        ...more,
      });
      workers.push(worker);
      joinCluster(nodes, worker);
      return worker;
    },
    async stop() {
      nodes.stop();
      await kubernetes.stop();
    },
  };
}

/** `eth<n>` is the interface at device index n; the newest worker of a name counts. */
export function macOf(
  workers: readonly Worker[],
  node: string,
  device: string,
): string | undefined {
  const worker = workers.findLast((entry) => entry.name === node);
  const index = /^eth(\d+)$/.exec(device)?.[1];
  return worker?.enis.find((eni) => eni.deviceIndex === Number(index))?.mac;
}
