/**
 * `npm run bench:flood [-- --messages 200000] [--json]`
 *
 * How long a message of one cluster waits for its function, and a pod for its addresses: alone, and
 * while the queue of another cluster holds a flood. Each cluster has a queue, an event source mapping
 * and execution environments of its own, as clusters that join have. Both share EC2 with its token
 * buckets.
 *
 * The real forwarder, functions and SDK run on virtual time. So the figures say what the design costs,
 * and not what this machine does. A wall clock would show this machine: the sandbox looks through a
 * whole queue at each call.
 */
import { PARAMETERS } from '../resources/cluster-parameters.ts';
import { ACCOUNT, QUEUE, REGION } from '../sandbox/aws.ts';
import { createEc2, type Ec2 } from '../sandbox/ec2/engine.ts';
import { optionsOf } from '../scripts/options.ts';
import { nodeMessage } from '../shared/messages/build.ts';
import { deduplicationId, nodeGroup } from '../shared/messages/group.ts';
import { watchAddresses } from './budget/addresses.ts';
import { LATENCIES, sqsClient } from './budget/clients.ts';
import { type BenchCluster, createCluster } from './budget/cluster.ts';
import { percentile } from './budget/figures.ts';
import { startForwarder } from './budget/forwarder.ts';
import { startLambda } from './budget/lambda.ts';
import { createPods } from './budget/pods.ts';
import { type BenchQueue, createQueue } from './budget/queue.ts';
import { createTally } from './budget/tally.ts';
import { startVirtualTime, type VirtualTime } from './budget/virtual-time.ts';

const INSTANCE_TYPE = 'm5.4xlarge';
/** Of each cluster. */
const NODES = 100;
/** How many pods start while nothing else happens, and how many beside the flood. */
const PROBES = 50;
const PAUSE_MS = 500;
const MOST_MS = 600_000;
const MAX_DELAY_MS = 100;

const { values } = optionsOf(import.meta.url, {
  options: {
    messages: { type: 'string', default: '200000' },
    seed: { type: 'string', default: '1' },
    json: { type: 'boolean', default: false },
  },
});

interface Served {
  readonly cluster: BenchCluster;
  readonly queue: BenchQueue;
  /** How long each message waited until its execution began. */
  readonly waitsMs: number[];
}

/** A cluster that joined: its own queue, delivered with the template's concurrency. */
async function serve(ec2: Ec2, time: VirtualTime, name: string, network: number): Promise<Served> {
  const queue = createQueue(time.clock);
  const cluster = createCluster(ec2, time, NODES, INSTANCE_TYPE, { name, network });
  const tally = createTally();
  const waitsMs: number[] = [];
  const surroundings = {
    ...{ time, latencies: LATENCIES, ec2, queue, cluster },
    ...{ instanceType: INSTANCE_TYPE, tally },
    budget: { writers: PARAMETERS.Concurrency.Default },
  };
  await startLambda(surroundings, PARAMETERS.Concurrency.Default, {
    onEvent({ Records }) {
      for (const { attributes } of Records) {
        waitsMs.push(time.clock.now() - Number(attributes.SentTimestamp));
      }
    },
  });
  return { cluster, queue, waitsMs };
}

interface Waits {
  /** How long from sending a message until its execution began. */
  readonly messageMs: number;
  /** How long from the annotation to the address. */
  readonly addressMs: number;
}

/** Pods start one by one, each on a node of its own. @returns the medians. */
async function probe(
  { clock, drive }: VirtualTime,
  quiet: Served,
  pods: ReturnType<typeof createPods>,
): Promise<Waits> {
  const { workers } = quiet.cluster;
  const made = workers.slice(0, PROBES).map((worker) => pods.create(worker));
  quiet.waitsMs.length = 0;
  for (const [index, pod] of made.entries()) clock.after(index * PAUSE_MS, pod.attach);
  const addresses = made.flatMap((pod) => pod.addresses);
  const isDone = (): boolean => addresses.every(({ assignedMs }) => assignedMs !== undefined);
  if (!(await drive(isDone, MOST_MS))) throw new Error('not every pod got its addresses');
  return {
    messageMs: percentile(quiet.waitsMs, 0.5),
    addressMs: percentile(
      addresses.map(({ assignedMs = Number.NaN }) => assignedMs),
      0.5,
    ),
  };
}

function fill({ cluster, queue }: Served, messages: number, now: number): void {
  for (let index = 0; index < messages; index += 1) {
    const { name: node } = cluster.workers[index % cluster.workers.length] ?? { name: '' };
    queue.service.send(QUEUE, {
      body: JSON.stringify(nodeMessage(cluster.name, node, 'resync', now)),
      attributes: {},
      groupId: nodeGroup(cluster.name, node),
      deduplicationId: deduplicationId(),
    });
  }
}

const messages = Number(values.messages);
const time = startVirtualTime(Number(values.seed));
const ec2 = createEc2({ clock: time.clock, region: REGION, account: ACCOUNT });
const quiet = await serve(ec2, time, 'quiet', 10);
const loud = await serve(ec2, time, 'loud', 11);
startForwarder(
  time,
  quiet.cluster,
  sqsClient(quiet.queue.service, time, LATENCIES, { maxAttempts: 1 }),
  quiet.queue.url,
  LATENCIES.watch,
);
const pods = createPods(quiet.cluster, watchAddresses(ec2));
await time.drive(() => false, 60_000);
ec2.throttle.enable();
const alone = await probe(time, quiet, pods);
await time.drive(() => false, 60_000);
fill(loud, messages, time.clock.now());
const flooded = await probe(time, quiet, pods);
const figures = {
  flood: messages,
  left: loud.queue.size(),
  alone,
  flooded,
  delayMs: flooded.messageMs - alone.messageMs,
};
if (values.json) console.log(JSON.stringify(figures));
else {
  const text = ({ messageMs, addressMs }: Waits): string =>
    `a message waits ${messageMs.toFixed(0)} ms, a pod ${addressMs.toFixed(0)} ms for its addresses`;
  console.log(`alone: ${text(alone)}`);
  console.log(`beside ${messages} messages (${figures.left} of them left): ${text(flooded)}`);
  console.log(
    `the message waits ${figures.delayMs.toFixed(0)} ms more (≤ ${MAX_DELAY_MS}); medians`,
  );
}
process.exit(figures.delayMs > MAX_DELAY_MS ? 1 : 0);
