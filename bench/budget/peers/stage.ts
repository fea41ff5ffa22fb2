import { DescribeSubnetsCommand } from '@aws-sdk/client-ec2';
import { ACCOUNT, REGION } from '../../../sandbox/aws.ts';
import { createEc2 } from '../../../sandbox/ec2/engine.ts';
import { type Addresses, watchAddresses } from '../addresses.ts';
import { ec2Client } from '../clients.ts';
import { type BenchCluster, createCluster } from '../cluster.ts';
import { countCalls } from '../figures.ts';
import { type NeighbourFigures, startNeighbour } from '../neighbour.ts';
import { createPods, type Pods } from '../pods.ts';
import type { BenchStage, BenchStageOptions } from '../stage.ts';
import { startVirtualTime } from '../virtual-time.ts';
import { boto } from './boto.ts';
import { type AttachedPod, PATTERNS, type PeerName } from './patterns.ts';

interface PeerStageOptions extends Omit<BenchStageOptions, 'settings' | 'clusters'> {
  readonly peer: PeerName;
}

/** A stage on which a peer does what the product would. */
export interface PeerStage extends BenchStage {
  /** Addresses that the peer did not get and does not try for any more. */
  lost(): number;
  /** Addresses on ENIs of which the pods are gone. */
  leaked(): number;
}

/** How long a pod waited whose address never came. */
const NEVER = Number.POSITIVE_INFINITY;
const QUIET_MS = 60_000;
const PREPARING_MS = 600_000;

export async function startPeerStage(options: PeerStageOptions): Promise<PeerStage> {
  const { seed, nodes, instanceType, latencies, limits, neighbour } = options;
  const time = startVirtualTime(seed);
  const { clock, random, drive } = time;
  const ec2 = createEc2({ clock, region: REGION, account: ACCOUNT });
  const cluster = createCluster(ec2, time, nodes, instanceType);
  const client = ec2Client(ec2, time, latencies, { maxAttempts: 1 });
  // The SDK's first call reads files, for which no virtual clock waits.
  await time.settle(client.send(new DescribeSubnetsCommand({})));
  const attached = PATTERNS[options.peer]({
    ...{ clock, random, calls: boto(client, clock, random) },
    ...{ workers: cluster.workers, subnets: cluster.subnets },
  });
  const addresses = watchAddresses(ec2);
  const followed = follow(createPods(cluster, addresses), cluster, addresses, attached);
  let begunAt = clock.now();
  let neighbourFigures = (): NeighbourFigures => ({
    ...{ neighbourRefused: 0, neighbourDelayMs: 0, neighbourLost: 0 },
  });

  return {
    ...{ clock, random, drive, ec2, latencies, ...followed },
    workers: cluster.workers,
    async begin(prepared) {
      if (!(await drive(() => prepared() && followed.idle(), PREPARING_MS))) {
        throw new Error('what the scenario begins with was not done in time');
      }
      const quietUntil = clock.now() + QUIET_MS;
      await drive(() => clock.now() >= quietUntil, 2 * QUIET_MS);
      ec2.calls.clear();
      ec2.throttle.enable(limits);
      neighbourFigures = startNeighbour(clock, random, ec2.throttle, neighbour);
      begunAt = clock.now();
    },
    beganAt: () => begunAt,
    deadLetters: () => 0,
    sinceBegin: () => clock.now() - begunAt,
    calls: () => countCalls(ec2.calls.all()),
    neighbour: () => neighbourFigures(),
    restartForwarder() {},
    errors: () => 0,
    details: () => ec2.calls.counts(),
  };
}

/**
 * The pods as the scenarios create them, with a peer that hears of each. The scenarios wait for every
 * address to come, and to go: what is lost counts as never there, and what is left over as never gone.
 */
function follow(
  pods: Pods,
  { workers }: BenchCluster,
  addresses: Addresses,
  attached: (pod: AttachedPod) => void,
) {
  const byName = new Map(workers.map((worker) => [worker.name, worker]));
  const lost = new Map<string, string>();
  /** Of the pods that are there. */
  const claimed = new Map<string, number>();
  let underWay = 0;
  let losses = 0;
  const claim = (ip: string, by: number): void => void claimed.set(ip, (claimed.get(ip) ?? 0) + by);
  const leftOver = (): number =>
    [...claimed].filter(([ip, pods]) => pods === 0 && addresses.on(ip) !== undefined).length;

  const create: Pods['create'] = (worker, spec) => {
    const pod = pods.create(worker, spec);
    let told = false;
    return {
      ...pod,
      isTold: () => told,
      attach() {
        pod.attach();
        underWay += 1;
        for (const { ip } of pod.addresses) claim(ip, 1);
        attached({
          worker: byName.get(pod.node) ?? worker,
          addresses: pod.addresses,
          lost(address) {
            losses += 1;
            lost.set(address.ip, address.eniId);
            address.assignedMs ??= NEVER;
          },
          done() {
            told = true;
            underWay -= 1;
          },
        });
      },
      remove() {
        pod.remove();
        for (const address of pod.addresses) {
          claim(address.ip, -1);
          address.releasedMs ??= NEVER;
        }
      },
    };
  };
  return {
    pods: { create, giveBack: pods.giveBack },
    addresses: {
      ...addresses,
      on: (ip: string) => lost.get(ip) ?? addresses.on(ip),
      count: () => [...claimed.values()].filter((pods) => pods > 0).length,
    },
    idle: () => underWay === 0,
    lost: () => losses,
    leaked: leftOver,
  };
}
