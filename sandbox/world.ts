import { type Clock, type Random, systemClock } from '../shared/clock.ts';
import { KUBERNETES_GROUP } from '../shared/cluster/errors.ts';
import { type Ec2Server, startEc2 } from './ec2/server.ts';
import { type EksServer, startEks } from './eks/server.ts';
import { acceptAdminToken } from './kubernetes/authentication.ts';
import { type RunningKubernetes, startKubernetes } from './kubernetes/kubernetes.ts';
import { type Nodes, startNodes } from './kubernetes/nodes/nodes.ts';
import { type SandboxSqs, startSqs } from './sqs/start.ts';
import { joinCluster, launchWorker, type Worker, type WorkerEni } from './worker.ts';

export const REGION = 'us-east-1';
export const ACCOUNT = '111122223333';
/** The functions' role, and the key pair that an execution environment would hold. */
const ROLE_ARN = `arn:aws:iam::${ACCOUNT}:role/multus-eni-reconciler`;
const CREDENTIALS = { accessKeyId: 'AKIAIOSFODNN7EXAMPLE', secretAccessKey: 'sandbox-secret' };

/** What one visibility time-out, function time-out and the receives of the queue are worth. */
const QUEUE_ATTRIBUTES = {
  FifoQueue: 'true',
  DeduplicationScope: 'messageGroup',
  FifoThroughputLimit: 'perMessageGroupId',
  VisibilityTimeout: '360',
};
const MAX_RECEIVE_COUNT = 100;

export interface WorldOptions {
  readonly clock?: Clock;
  readonly random?: Random;
  /** The names of the clusters; default one, `demo`. */
  readonly clusters?: readonly string[];
  readonly maxReceiveCount?: number;
  /** As Multus 3 does when a pod goes; default false, as Multus 4. */
  readonly emptiesAnnotation?: boolean;
  readonly terminationMs?: number;
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

/**
 * An AWS account with one VPC as in the user's guide, a queue, and EKS clusters, all on
 * loopback: eth1 in 172.16.1.0/24, eth2 in 172.16.3.0/24.
 */
export interface World {
  readonly clock: Clock;
  readonly ec2: Ec2Server;
  readonly sqs: SandboxSqs;
  readonly eks: EksServer;
  readonly queue: { readonly name: string; readonly url: string; readonly arn: string };
  readonly deadLetterQueue: { readonly name: string; readonly url: string; readonly arn: string };
  readonly subnets: { readonly node: string; readonly multus1: string; readonly multus2: string };
  readonly clusters: ReadonlyMap<string, WorldCluster>;
  /** The first cluster. */
  readonly cluster: WorldCluster;
  /** The variables that a function or a CLI needs to see nothing but this world. */
  readonly environment: Readonly<Record<string, string>>;
  stop(): Promise<void>;
}

/** Starts a world; `stop()` ends all of it. */
export async function startWorld(options: WorldOptions = {}): Promise<World> {
  const { clock = systemClock, random = Math.random, clusters: names = ['demo'] } = options;
  const ec2 = await startEc2({ clock, region: REGION, account: ACCOUNT });
  const sqs = await startSqs({ clock, region: REGION, account: ACCOUNT });
  const eks = await startEks({ clock, region: REGION, account: ACCOUNT });
  eks.addCredentials({ ...CREDENTIALS, roleArn: ROLE_ARN });

  const subnets = {
    node: ec2.addSubnet({ cidr: '172.20.1.0/24' }),
    multus1: ec2.addSubnet({ cidr: '172.16.1.0/24', ipv6Cidrs: ['2600:1f18:1111:1::/64'] }),
    multus2: ec2.addSubnet({ cidr: '172.16.3.0/24', ipv6Cidrs: ['2600:1f18:1111:3::/64'] }),
  };
  const deadLetter = 'multus-eni-reconciler-dead-letter.fifo';
  const main = 'multus-eni-reconciler.fifo';
  const deadLetterQueue = {
    name: deadLetter,
    ...sqs.createQueue(deadLetter, { FifoQueue: 'true', MessageRetentionPeriod: '1209600' }),
  };
  const redrive = {
    deadLetterTargetArn: deadLetterQueue.arn,
    maxReceiveCount: options.maxReceiveCount ?? MAX_RECEIVE_COUNT,
  };
  const queue = {
    name: main,
    ...sqs.createQueue(main, { ...QUEUE_ATTRIBUTES, RedrivePolicy: JSON.stringify(redrive) }),
  };

  const parts: Parts = { ec2, eks, clock, random, nodeSubnetId: subnets.node, subnets, options };
  const clusters = new Map<string, WorldCluster & { stop(): Promise<void> }>();
  for (const name of names) clusters.set(name, await startCluster(name, parts));
  const [cluster] = clusters.values();
  if (cluster === undefined) throw new Error('a world has at least one cluster');

  return {
    clock,
    ec2,
    sqs,
    eks,
    queue,
    deadLetterQueue,
    subnets,
    clusters,
    cluster,
    environment: {
      AWS_REGION: REGION,
      AWS_ACCESS_KEY_ID: CREDENTIALS.accessKeyId,
      AWS_SECRET_ACCESS_KEY: CREDENTIALS.secretAccessKey,
      AWS_EC2_METADATA_DISABLED: 'true',
      AWS_ENDPOINT_URL_EC2: ec2.endpoint,
      AWS_ENDPOINT_URL_EKS: eks.endpoint,
      AWS_ENDPOINT_URL_SQS: sqs.endpoint,
      AWS_ENDPOINT_URL_STS: eks.stsEndpoint,
      CLUSTERS: JSON.stringify(names.map((name) => ({ name }))),
      QUEUE_URL: queue.url,
      DEAD_LETTER_QUEUE_URL: deadLetterQueue.url,
    },
    async stop() {
      await Promise.all([...clusters.values()].map((entry) => entry.stop()));
      await Promise.all([ec2.stop(), sqs.stop(), eks.stop()]);
    },
  };
}

interface Parts {
  readonly ec2: Ec2Server;
  readonly eks: EksServer;
  readonly clock: Clock;
  readonly random: Random;
  readonly nodeSubnetId: string;
  readonly subnets: World['subnets'];
  readonly options: WorldOptions;
}

async function startCluster(
  name: string,
  { ec2, eks, clock, random, nodeSubnetId, subnets, options }: Parts,
): Promise<WorldCluster & { stop(): Promise<void> }> {
  const authenticateEks = eks.authenticator(name);
  const kubernetes = await startKubernetes({
    clock,
    random,
    authenticate: async (token) => (await acceptAdminToken(token)) ?? authenticateEks(token),
  });
  eks.addCluster({ name, endpoint: kubernetes.url, caData: kubernetes.caData });
  eks.addAccessEntry(name, ROLE_ARN, 'multus-eni-reconciler', [KUBERNETES_GROUP]);
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
      const worker = launchWorker(ec2, { cluster: name, nodeSubnetId, enis, ...more });
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
function macOf(workers: readonly Worker[], node: string, device: string): string | undefined {
  const worker = workers.findLast((entry) => entry.name === node);
  const index = /^eth(\d+)$/.exec(device)?.[1];
  return worker?.enis.find((eni) => eni.deviceIndex === Number(index))?.mac;
}
