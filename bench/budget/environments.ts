import { randomUUID } from 'node:crypto';
import { DescribeSubnetsCommand } from '@aws-sdk/client-ec2';
import { type Clients, contextFor } from '../../functions/context.ts';
import type { ReconcileContext } from '../../functions/reconcile/reconcile-batch.ts';
import { REGION } from '../../sandbox/aws.ts';
import type { Tables } from '../../sandbox/dynamodb/table.ts';
import type { Ec2 } from '../../sandbox/ec2/engine.ts';
import { configFrom } from '../../shared/config.ts';
import type { Telemetry } from '../../shared/telemetry.ts';
import { sharedList } from '../../shared/time/shared-list.ts';
import { virtualKubernetes } from '../../test/faults/world/kubernetes.ts';
import { ec2Client, type Latencies, sqsClient, updateItem } from './clients.ts';
import type { BenchCluster } from './cluster.ts';
import type { BenchQueue } from './queue.ts';
import type { Tally } from './tally.ts';
import type { VirtualTime } from './virtual-time.ts';

export const BUDGET_TABLE = 'multus-eni-reconciler-budget';

/** What an execution environment of the function lives in. */
export interface LambdaSurroundings {
  readonly time: VirtualTime;
  readonly latencies: Latencies;
  readonly ec2: Ec2;
  readonly queue: BenchQueue;
  readonly cluster: BenchCluster;
  readonly instanceType: string;
  readonly tally: Tally;
  /** Where the account's executions book EC2's calls; absent: nowhere. */
  readonly tables?: Tables | undefined;
  readonly budget: {
    readonly writers: number;
    readonly share?: number;
    readonly maxPerSecond?: number;
  };
}

/** What an execution environment keeps, warm: what it looks up once is looked up. */
export async function warmEnvironment(surroundings: LambdaSurroundings): Promise<ReconcileContext> {
  const { time, queue, cluster, instanceType } = surroundings;
  const { clock, random, settle } = time;
  const config = configFrom({
    AWS_REGION: REGION,
    CLUSTERS: JSON.stringify([{ name: cluster.name }]),
    QUEUE_URL: queue.url,
    DEAD_LETTER_QUEUE_URL: queue.deadLetterUrl,
    EC2_BUDGET: JSON.stringify({
      ...surroundings.budget,
      ...(surroundings.tables && { table: BUDGET_TABLE }),
    }),
  });
  const clients = clientsOf(surroundings);
  const context = contextFor(config, clients, { clock, telemetry: telling(surroundings.tally) });
  await settle(warm(clients));
  const access = await context.accessTo((await context.clusters.named(cluster.name)).config);
  await settle(Promise.all([access?.ec2.subnets.of(cluster.subnets)]));
  await settle(Promise.all([access?.ec2.limitsOf(instanceType)]));
  return {
    ...context,
    queueUrl: config.queueUrl,
    deadLetterQueueUrl: config.deadLetterQueueUrl,
    random,
    memories: new Map(),
  };
}

/** The SDK's first call reads files, for which no virtual clock waits. */
async function warm({ ec2, ec2Once }: Clients): Promise<void> {
  const nothing = [{ Name: 'subnet-id', Values: ['subnet-none'] }];
  for (const client of [ec2, ec2Once]) {
    await client.send(new DescribeSubnetsCommand({ Filters: nothing }));
  }
}

/** As functions/context.ts makes it, with the sandbox in the place of the network. */
function clientsOf(surroundings: LambdaSurroundings): Clients {
  const { time, latencies, ec2, queue, cluster, tally, tables } = surroundings;
  const kubernetes = virtualKubernetes(
    cluster.api,
    async (call, effect, { signal }) => {
      tally.add(`kubernetes ${call}`);
      await time.travel(latencies.kubernetes, signal);
      const answer = effect(0);
      await time.travel(latencies.kubernetes, signal);
      return answer;
    },
    randomUUID,
  );
  // The client of the API server shares it among those who ask at the same time.
  const listNodes = sharedList(() => kubernetes.listNodes());
  return {
    ec2: ec2Client(ec2, time, latencies),
    ec2Once: ec2Client(ec2, time, latencies, { maxAttempts: 1 }),
    sqs: sqsClient(queue.service, time, latencies),
    kubernetesOf: async () => ({ ...kubernetes, listNodes }),
    ...(tables && {
      updateItem: updateItem(tables, time, latencies),
    }),
  };
}

function telling(tally: Tally): Telemetry {
  return {
    info() {},
    warn: (text) => tally.add(`warning: ${text}`),
    error: (text, _, error) =>
      tally.add(`error: ${text}: ${error instanceof Error ? error.name : error}`),
    metric() {},
  };
}
