import { ACCOUNT, REGION } from '../../sandbox/aws.ts';
import { createEc2 } from '../../sandbox/ec2/engine.ts';
import { createPod } from '../../test/faults/world/pods.ts';
import { watchAddresses } from '../budget/addresses.ts';
import { LATENCIES, sqsClient } from '../budget/clients.ts';
import { createCluster } from '../budget/cluster.ts';
import { percentile } from '../budget/figures.ts';
import { startForwarder } from '../budget/forwarder.ts';
import { startLambda } from '../budget/lambda.ts';
import { createPods } from '../budget/pods.ts';
import { createQueue } from '../budget/queue.ts';
import { createTally } from '../budget/tally.ts';
import { startVirtualTime } from '../budget/virtual-time.ts';

const INSTANCE_TYPE = 'm5.4xlarge';
const CONCURRENCY = 4;
/** Pods of another namespace, each at another node than the one before. */
const PROBES = 100;
const PAUSE_MS = 500;
/** How long the tenant's pods flap before the first of them comes. */
const BEFORE_MS = 60_000;
const MOST_MS = 600_000;

/** What is played. */
export interface WaitsOrder {
  readonly seed: number;
  readonly nodes: number;
  /** How many of a tenant's pods flap. */
  readonly flapping: number;
  /** How often each changes its claim. */
  readonly flapMs: number;
}

/** How many milliseconds pods of another namespace wait for their addresses. */
export interface Waits {
  readonly p50: number;
  readonly p99: number;
}

/** Plays the real forwarder and functions on virtual time, as `bench:flood` does, in a thread that is its own. */
export async function playWaits({ seed, nodes, flapping, flapMs }: WaitsOrder): Promise<Waits> {
  const time = startVirtualTime(seed);
  const ec2 = createEc2({ clock: time.clock, region: REGION, account: ACCOUNT });
  const queue = createQueue(time.clock);
  const cluster = createCluster(ec2, time, nodes, INSTANCE_TYPE);
  const surroundings = {
    ...{ time, latencies: LATENCIES, ec2, queue, cluster },
    ...{ instanceType: INSTANCE_TYPE, tally: createTally(), budget: { writers: CONCURRENCY } },
  };
  await startLambda(surroundings, CONCURRENCY);
  const sqs = sqsClient(queue.service, time, LATENCIES, { maxAttempts: 1 });
  startForwarder(time, cluster, sqs, queue.url, LATENCIES.watch);
  await time.drive(() => false, BEFORE_MS);
  ec2.throttle.enable();

  for (let nth = 0; nth < flapping; nth += 1) {
    const { name: node } = cluster.workers[nth % nodes] ?? { name: '' };
    const pod = createPod(cluster, `flapping-${nth}`, { node, namespace: 'tenant' });
    const flap = (second: boolean): void => {
      const ip = `10.1.${second ? 4 : 2}.${nth + 10}`;
      pod.attach({ network: 'net-1', ip });
      time.clock.after(flapMs, () => flap(!second));
    };
    time.clock.after((flapMs * nth) / flapping, () => flap(false));
  }
  await time.drive(() => false, BEFORE_MS);

  const pods = createPods(cluster, watchAddresses(ec2));
  const made = Array.from({ length: PROBES }, (_, nth) => {
    const worker = cluster.workers[nth % nodes];
    if (worker === undefined) throw new Error('a cluster without workers');
    return pods.create(worker);
  });
  for (const [nth, pod] of made.entries()) time.clock.after(nth * PAUSE_MS, pod.attach);
  const addresses = made.flatMap((pod) => pod.addresses);
  const isDone = (): boolean => addresses.every(({ assignedMs }) => assignedMs !== undefined);
  if (!(await time.drive(isDone, MOST_MS))) throw new Error('not every pod got its addresses');
  const waits = addresses.map(({ assignedMs = Number.NaN }) => assignedMs);
  return { p50: percentile(waits, 0.5), p99: percentile(waits, 0.99) };
}
