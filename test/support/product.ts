import { EC2Client } from '@aws-sdk/client-ec2';
import { EKSClient } from '@aws-sdk/client-eks';
import { SQSClient } from '@aws-sdk/client-sqs';
import type { Forwarder } from '../../forwarder/forwarder.ts';
import { sqsSendBatch } from '../../forwarder/outbox/send-batch.ts';
import type { SendBatch } from '../../forwarder/outbox/sender.ts';
import { type Clients, contextFor } from '../../functions/context.ts';
import { reconcileBatch } from '../../functions/reconcile/reconcile-batch.ts';
import { sweepClusters } from '../../functions/sweep/sweep-clusters.ts';
import type { Queue } from '../../sandbox/aws.ts';
import {
  type EventSourceMapping,
  type Invocation,
  startEventSourceMapping,
} from '../../sandbox/lambda/event-source-mapping.ts';
import { clusters as eksClusters } from '../../shared/cluster/connect.ts';
import { configFrom } from '../../shared/config.ts';
import { EniProtocol } from '../../shared/enis/eni-protocol.ts';
import type { Clock } from '../../shared/time/clock.ts';
import { startUsualForwarder, transportOf } from './forwarder.ts';
import { type RecordedTelemetry, recordedTelemetry } from './telemetry.ts';

const REQUEST_TIMEOUT_MS = 10_000;
const NODE_DEADLINE_MS = 20_000;
const LEASE = 'multus-eni-forwarder';

/** Where the product runs. */
export interface ProductSurroundings {
  readonly clock: Clock;
  readonly queue: Pick<Queue, 'url' | 'arn'>;
  /** The functions' variables, and where their clients find EC2, SQS and EKS. */
  readonly environment: Readonly<Record<string, string>>;
}

export interface ProductOptions {
  /** Variables beside those of the surroundings, such as CLUSTERS with ranges or a policy. */
  readonly variables?: Readonly<Record<string, string>>;
  /** Wraps the functions' clients, so that a test can hold, refuse or watch single calls. */
  readonly wrap?: (clients: Clients) => Clients;
  /** How many invocations run side by side; default 4. */
  readonly concurrency?: number;
  /** Prepares the client that polls the queue for an SQS that is not quite SQS. */
  readonly adaptPoller?: (sqs: SQSClient) => SQSClient;
}

/** What a forwarder is told of its cluster, whatever parts that is made of. */
export interface ForwardedCluster {
  readonly name: string;
  readonly kubernetes: { kubeconfig(): string };
  /** Where its lease is; default: the namespace `default`. */
  readonly leaseNamespace?: string;
}

/**
 * The whole product in this process: real SDK and Kubernetes clients, the functions behind an
 * event source mapping.
 */
export interface Product {
  readonly telemetry: RecordedTelemetry;
  readonly invocations: readonly Invocation[];
  readonly sqs: SQSClient;
  /** A client of EC2, beside those of the functions. */
  readonly ec2: EC2Client;
  /** How many invocations and forwarders' sends are going on. */
  underWay(): number;
  /** Invokes the reconcile function with an SQS event, beside the event source mapping. */
  /** @param deadlineMs of a node; the deployed function gives it 45 s at most. */
  reconcile(event: unknown, deadlineMs?: number): ReturnType<typeof reconcileBatch>;
  /** Runs one sweep of all clusters. */
  sweep(): Promise<void>;
  /** Begins to deliver what is in the queue. It is not begun by itself. */
  startDelivery(): EventSourceMapping;
  startForwarder(cluster: ForwardedCluster): Promise<Forwarder>;
  stop(): Promise<void>;
}

/** Nothing of it runs until it is begun; `stop()` ends it. */
export function startProduct(
  surroundings: ProductSurroundings,
  options: ProductOptions = {},
): Product {
  const { clock } = surroundings;
  const telemetry = recordedTelemetry();
  const config = configFrom({ ...surroundings.environment, ...options.variables });
  const make = factoriesFor(surroundings);
  const plain = functionsClients(clock, make);
  const clients = options.wrap?.(plain) ?? plain;
  const context = contextFor(config, clients, { clock, telemetry });
  const reconcileContext = {
    ...context,
    queueUrl: config.queueUrl,
    deadLetterQueueUrl: config.deadLetterQueueUrl,
    random: Math.random,
    memories: new Map(),
  };
  const names = config.clusters.map(({ name }) => name);
  const { ec2, sqs } = make;
  const sender = sqs();
  const invocations: Invocation[] = [];
  const stops: (() => Promise<unknown>)[] = [];
  let underWay = 0;
  const counted = async <T>(work: Promise<T>): Promise<T> => {
    underWay += 1;
    return work.finally(() => {
      underWay -= 1;
    });
  };
  const reconcile = (event: unknown, deadlineMs = NODE_DEADLINE_MS) =>
    counted(reconcileBatch(reconcileContext, event, deadlineMs));

  return {
    telemetry,
    invocations,
    sqs: sender,
    ec2: ec2(),
    underWay: () => underWay,
    reconcile,
    sweep: () => sweepClusters(context, names, NODE_DEADLINE_MS),
    startDelivery() {
      const mapping = startEventSourceMapping({
        sqs: options.adaptPoller?.(sqs()) ?? sender,
        queueUrl: surroundings.queue.url,
        queueArn: surroundings.queue.arn,
        handler: (event) => reconcile(event),
        timeoutMs: 60_000,
        maximumConcurrency: options.concurrency ?? 4,
        clock,
        onInvocation: (invocation) => invocations.push(invocation),
      });
      stops.push(() => mapping.stop());
      return mapping;
    },
    async startForwarder(cluster) {
      const sendBatch = sqsSendBatch(sender, surroundings.queue.url);
      const send: SendBatch = (batch, signal) => counted(sendBatch(batch, signal));
      const { name, leaseNamespace: namespace = 'default' } = cluster;
      const kube = transportOf(cluster.kubernetes.kubeconfig());
      const lease = { namespace, name: LEASE };
      const forwarder = await startUsualForwarder({ cluster: name, kube, send, lease, clock });
      stops.push(() => forwarder.stop());
      return forwarder;
    },
    async stop() {
      for (const stop of stops.toReversed()) await stop();
    },
  };
}

/** Makes clients of the surroundings' services. */
function factoriesFor({ environment }: ProductSurroundings) {
  const common = {
    region: environment.AWS_REGION ?? '',
    credentials: {
      accessKeyId: environment.AWS_ACCESS_KEY_ID ?? '',
      secretAccessKey: environment.AWS_SECRET_ACCESS_KEY ?? '',
    },
  };
  return {
    region: common.region,
    ec2: (more: { readonly maxAttempts?: number } = {}) =>
      new EC2Client({
        ...common,
        ...more,
        endpoint: environment.AWS_ENDPOINT_URL_EC2,
        protocol: EniProtocol,
      }),
    sqs: () => new SQSClient({ ...common, endpoint: environment.AWS_ENDPOINT_URL_SQS }),
    eks: () => new EKSClient({ ...common, endpoint: environment.AWS_ENDPOINT_URL_EKS }),
  };
}

function functionsClients(clock: Clock, make: ReturnType<typeof factoriesFor>): Clients {
  const eks = make.eks();
  return {
    ec2: make.ec2(),
    ec2Once: make.ec2({ maxAttempts: 1 }),
    sqs: make.sqs(),
    kubernetesOf: eksClusters({
      clock,
      region: make.region,
      eks: () => eks,
      credentials: () => eks.config.credentials(),
      requestTimeoutMs: REQUEST_TIMEOUT_MS,
    }),
  };
}
