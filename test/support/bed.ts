import { EC2Client } from '@aws-sdk/client-ec2';
import { EKSClient } from '@aws-sdk/client-eks';
import { SQSClient } from '@aws-sdk/client-sqs';
import { KubeConfig } from '@kubernetes/client-node';
import pino from 'pino';
import { type Forwarder, startForwarder } from '../../forwarder/forwarder.ts';
import { kubeFrom } from '../../forwarder/kube-request.ts';
import { ELECTION_TIMES } from '../../forwarder/leader.ts';
import type { SendBatch } from '../../forwarder/outbox.ts';
import { sqsSendBatch } from '../../forwarder/send-batch.ts';
import { contextFor, type Outside } from '../../functions/context.ts';
import { reconcileBatch } from '../../functions/reconcile/reconcile-batch.ts';
import { sweepClusters } from '../../functions/sweep/sweep-clusters.ts';
import {
  type EventSourceMapping,
  type Invocation,
  startEventSourceMapping,
} from '../../sandbox/lambda/event-source-mapping.ts';
import { startWorld, type World, type WorldOptions } from '../../sandbox/world.ts';
import { clusters as eksClusters } from '../../shared/cluster/connect.ts';
import { configFrom } from '../../shared/config.ts';
import { type RecordedTelemetry, recordedTelemetry } from './telemetry.ts';

const REQUEST_TIMEOUT_MS = 10_000;
const NODE_DEADLINE_MS = 20_000;

export interface BedOptions extends WorldOptions {
  /** Variables beside those of the world, such as CLUSTERS with ranges or a policy. */
  readonly variables?: Readonly<Record<string, string>>;
  /** Wraps the outside world, so that a test can hold, refuse or watch single calls. */
  readonly wrap?: (outside: Outside) => Outside;
  /** How many invocations run side by side; default 4. */
  readonly concurrency?: number;
}

/** What a forwarder is told of its cluster, whatever parts that is made of. */
export interface ForwardedCluster {
  readonly name: string;
  readonly kubernetes: { kubeconfig(): string };
}

/**
 * The whole product on the sandbox, in this process: real SDK and Kubernetes clients, a queue, the
 * functions behind an event source mapping.
 */
export interface Bed {
  readonly world: World;
  readonly telemetry: RecordedTelemetry;
  readonly invocations: readonly Invocation[];
  readonly sqs: SQSClient;
  /** A client of the world's EC2, beside those of the functions. */
  readonly ec2: EC2Client;
  /** How many invocations and forwarders' sends are going on. */
  underWay(): number;
  /** Invokes the reconcile function with an SQS event, beside the event source mapping. */
  reconcile(event: unknown): ReturnType<typeof reconcileBatch>;
  /** Runs one sweep of all clusters. */
  sweep(): Promise<void>;
  /** Begins to deliver what is in the queue. It is not begun by itself. */
  startDelivery(): EventSourceMapping;
  /** Starts a forwarder of a cluster, the first one by default. */
  startForwarder(cluster?: ForwardedCluster): Promise<Forwarder>;
  stop(): Promise<void>;
}

export async function startBed(options: BedOptions = {}): Promise<Bed> {
  const world = await startWorld(options);
  const { clock } = world;
  const telemetry = recordedTelemetry();
  const config = configFrom({ ...world.environment, ...options.variables });
  const plain = outsideOf(world);
  const outside = options.wrap?.(plain) ?? plain;
  const context = contextFor(config, outside, { clock, telemetry });
  const reconcileContext = {
    ...context,
    queueUrl: config.queueUrl,
    deadLetterQueueUrl: config.deadLetterQueueUrl,
    random: Math.random,
    memories: new Map(),
  };
  const sqs = sqsOf(world);
  const invocations: Invocation[] = [];
  const stops: (() => Promise<unknown>)[] = [];
  let underWay = 0;
  const counted = async <T>(work: Promise<T>): Promise<T> => {
    underWay += 1;
    return work.finally(() => {
      underWay -= 1;
    });
  };
  const reconcile = (event: unknown) =>
    counted(reconcileBatch(reconcileContext, event, NODE_DEADLINE_MS));

  return {
    world,
    telemetry,
    invocations,
    sqs,
    ec2: ec2Of(world),
    underWay: () => underWay,
    reconcile,
    sweep: () =>
      sweepClusters(
        { ...context, clusters: config.clusters.map(({ name }) => name) },
        NODE_DEADLINE_MS,
      ),
    startDelivery() {
      const mapping = startEventSourceMapping({
        sqs,
        queueUrl: world.queue.url,
        queueArn: world.queue.arn,
        handler: reconcile,
        timeoutMs: 60_000,
        maximumConcurrency: options.concurrency ?? 4,
        clock,
        onInvocation: (invocation) => invocations.push(invocation),
      });
      stops.push(() => mapping.stop());
      return mapping;
    },
    async startForwarder(cluster = world.cluster) {
      const sendBatch = sqsSendBatch(sqs, world.queue.url);
      const send: SendBatch = (batch, signal) => counted(sendBatch(batch, signal));
      const forwarder = await forwarderOf(world, cluster, send);
      stops.push(() => forwarder.stop());
      return forwarder;
    },
    async stop() {
      for (const stop of stops.toReversed()) await stop();
      await world.stop();
    },
  };
}

function credentialsOf({ environment }: World) {
  return {
    accessKeyId: environment.AWS_ACCESS_KEY_ID ?? '',
    secretAccessKey: environment.AWS_SECRET_ACCESS_KEY ?? '',
  };
}

function sqsOf(world: World): SQSClient {
  const { AWS_REGION: region } = world.environment;
  return new SQSClient({ region, endpoint: world.sqs.endpoint, credentials: credentialsOf(world) });
}

function ec2Of(world: World): EC2Client {
  const { AWS_REGION: region } = world.environment;
  return new EC2Client({ region, endpoint: world.ec2.endpoint, credentials: credentialsOf(world) });
}

function outsideOf(world: World): Outside {
  const { AWS_REGION: region = '' } = world.environment;
  const common = { region, credentials: credentialsOf(world) };
  const eks = new EKSClient({ ...common, endpoint: world.eks.endpoint });
  const ec2 = { ...common, endpoint: world.ec2.endpoint };
  return {
    ec2: new EC2Client(ec2),
    ec2Once: new EC2Client({ ...ec2, maxAttempts: 1 }),
    sqs: sqsOf(world),
    kubernetesOf: eksClusters({
      clock: world.clock,
      region,
      eks: () => eks,
      credentials: () => eks.config.credentials(),
      requestTimeoutMs: REQUEST_TIMEOUT_MS,
    }),
  };
}

async function forwarderOf(
  world: World,
  cluster: ForwardedCluster,
  send: SendBatch,
): Promise<Forwarder> {
  const kubeConfig = new KubeConfig();
  kubeConfig.loadFromString(cluster.kubernetes.kubeconfig());
  return startForwarder({
    cluster: cluster.name,
    kube: kubeFrom(kubeConfig),
    send,
    lease: { namespace: 'default', name: 'multus-eni-forwarder' },
    identity: `forwarder-${Math.random()}`,
    http: { host: '127.0.0.1', port: 0 },
    outboxLimit: { messages: 10_000, bytes: 64 * 1024 * 1024 },
    electionTimes: ELECTION_TIMES,
    clock: world.clock,
    random: Math.random,
    log: pino({ level: 'silent' }),
  });
}
