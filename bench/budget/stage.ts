import { stageFile } from '../../config/schema.ts';
import { ACCOUNT, REGION } from '../../sandbox/aws.ts';
import { createTables } from '../../sandbox/dynamodb/table.ts';
import { createEc2, type Ec2 } from '../../sandbox/ec2/engine.ts';
import type { Clock, Random } from '../../shared/time/clock.ts';
import { type Addresses, watchAddresses } from './addresses.ts';
import { type Latencies, sqsClient } from './clients.ts';
import { type BenchCluster, CLUSTER, createCluster } from './cluster.ts';
import { BUDGET_TABLE } from './environments.ts';
import { type CallFigures, countCalls } from './figures.ts';
import { startForwarder } from './forwarder.ts';
import { startLambda } from './lambda.ts';
import { type NeighbourFigures, startNeighbour } from './neighbour.ts';
import { createPods, type Pods } from './pods.ts';
import { createQueue } from './queue.ts';
import type { Surroundings } from './surroundings.ts';
import { createTally, type Tally } from './tally.ts';
import { startVirtualTime, type VirtualTime } from './virtual-time.ts';

export interface BenchStageOptions extends Surroundings {
  readonly seed: number;
  readonly nodes: number;
  readonly instanceType: string;
  readonly latencies: Latencies;
  /** How many clusters there are, each with a queue and execution environments of its own; `nodes` are of each. */
  readonly clusters: number;
}

/** The whole product at scale, on virtual time: what it does depends on no machine. */
export interface BenchStage extends Pick<VirtualTime, 'drive'> {
  readonly clock: Clock;
  readonly random: Random;
  readonly ec2: Ec2;
  /** What calls take; a scenario may change it. */
  readonly latencies: { -readonly [Name in keyof Latencies]: Latencies[Name] };
  /** Of all clusters. */
  readonly workers: BenchCluster['workers'];
  readonly pods: Pods;
  readonly addresses: Addresses;
  /** Nothing waits in the queue, and the function does not run. */
  idle(): boolean;
  /** Waits until what was prepared is done and everybody is quiet, and counts from then on. */
  begin(prepared: () => boolean): Promise<void>;
  /** When it was, ms since the epoch. */
  beganAt(): number;
  /** Messages that were given up. */
  deadLetters(): number;
  /** Milliseconds since `begin`. */
  sinceBegin(): number;
  /** EC2's calls since `begin`. */
  calls(): CallFigures;
  neighbour(): NeighbourFigures;
  /** Another forwarder begins to lead, and has every node looked at. */
  restartForwarder(): void;
  /** Lines that were logged as errors since `begin`. */
  errors(): number;
  /** Everything that was counted since `begin`. */
  details(): Readonly<Record<string, number>>;
}

/** Of the first cluster's addresses: `10.…`. */
const FIRST_NETWORK = 10;
const NO_NEIGHBOUR = { neighbourRefused: 0, neighbourDelayMs: 0, neighbourLost: 0 };
const PREPARING_MS = 600_000;
const QUIET_MS = 60_000;

export async function startStage(options: BenchStageOptions): Promise<BenchStage> {
  const { seed, nodes, instanceType, latencies, limits, neighbour, enis } = options;
  const time = startVirtualTime(seed);
  const { clock, drive } = time;
  const ec2 = createEc2({ clock, region: REGION, account: ACCOUNT });
  const tally = createTally();
  const { budget, tables } = budgetOf(options);
  const addresses = watchAddresses(ec2);
  const start = async (index: number) => {
    const name = index === 0 ? CLUSTER : `${CLUSTER}-${index}`;
    const where = { name, network: FIRST_NETWORK + index };
    const cluster = createCluster(ec2, time, nodes, instanceType, where, enis);
    const queue = createQueue(clock);
    const surroundings = {
      time,
      latencies,
      ec2,
      queue,
      cluster,
      instanceType,
      tally,
      tables,
      budget,
    };
    const lambda = await startLambda(surroundings, budget.writers, {
      replacedAfterMs: options.replacedAfterMs,
    });
    const sqs = sqsClient(queue.service, time, latencies, { maxAttempts: 1 });
    const restart = startForwarder(time, cluster, sqs, queue.url, latencies.watch);
    const idle = (): boolean => lambda.running() === 0 && queue.size() === 0;
    return { cluster, queue, idle, restart, pods: createPods(cluster, addresses) };
  };
  const served: Awaited<ReturnType<typeof start>>[] = [];
  for (let index = 0; index < options.clusters; index += 1) served.push(await start(index));
  const podsOf = new Map(served.map(({ cluster, pods }) => [cluster.name, pods]));
  const idle = (): boolean => served.every((each) => each.idle());
  let begunAt = clock.now();
  let neighbourFigures = (): NeighbourFigures => NO_NEIGHBOUR;

  return {
    ...{ clock, random: time.random, drive, ec2, addresses, idle, latencies },
    workers: served.flatMap(({ cluster }) => cluster.workers),
    pods: podsOfAll(podsOf),
    async begin(prepared) {
      const isPrepared = await drive(() => prepared() && idle(), PREPARING_MS);
      if (!isPrepared) throw new Error('what the scenario begins with was not done in time');
      await drive(() => false, QUIET_MS);
      ec2.calls.clear();
      tally.clear();
      ec2.throttle.enable(limits);
      neighbourFigures = startNeighbour(clock, time.random, ec2.throttle, neighbour);
      begunAt = clock.now();
    },
    beganAt: () => begunAt,
    deadLetters: () => served.reduce((sum, { queue }) => sum + queue.deadLetters(), 0),
    sinceBegin: () => clock.now() - begunAt,
    calls: () => countCalls(ec2.calls.all()),
    neighbour: () => neighbourFigures(),
    restartForwarder: () => served.forEach(({ restart }) => void restart()),
    errors: () => errorsIn(tally),
    details() {
      for (const { action, outcome } of ec2.calls.all()) {
        const how = outcome.kind === 'refused' ? `refused: ${outcome.code}` : outcome.kind;
        tally.add(`EC2 ${action} ${how}`);
      }
      return { ...tally.counts(), ...(tables && { 'DynamoDB writes': tables.writes() }) };
    },
  };
}

/** What the executions may spend, as the configuration says, and the table in which they book it. */
function budgetOf({ settings }: BenchStageOptions) {
  const clusters = [{ name: CLUSTER }];
  const stage = stageFile.parse({ region: REGION, clusters, ...settings });
  const { budgetTable, ...limits } = stage.ec2 ?? {};
  const tables = budgetTable === true ? createTables() : undefined;
  tables?.create(BUDGET_TABLE, 'action');
  return { budget: { writers: stage.concurrency, ...limits }, tables };
}

function errorsIn(tally: Tally): number {
  return Object.entries(tally.counts())
    .filter(([name]) => name.startsWith('error: '))
    .reduce((sum, [, count]) => sum + count, 0);
}

/** The pods of all clusters, each made in that of its worker. */
function podsOfAll(byCluster: ReadonlyMap<string, Pods>): Pods {
  const of = (cluster: string): Pods => {
    const pods = byCluster.get(cluster);
    if (pods === undefined) throw new Error(`there is no cluster ${cluster}`);
    return pods;
  };
  return {
    create: (worker, spec) => of(worker.cluster).create(worker, spec),
    giveBack: (pod) => of(pod.cluster).giveBack(pod),
  };
}
