import type { BucketSize } from '../../../sandbox/ec2/throttle.ts';
import type { Surroundings } from '../surroundings.ts';
import { burst } from './burst.ts';
import { churn } from './churn.ts';
import { deletion } from './deletion.ts';
import { drain } from './drain.ts';
import { lagging } from './lag.ts';
import type { Play } from './played.ts';
import { QUIET_VARIANTS, quietPods } from './quiet-pods.ts';
import { forwarderRestart } from './restart.ts';
import { rollout } from './rollout.ts';
import { trouble } from './trouble.ts';

export interface Scenario extends Surroundings {
  /** For the table. */
  readonly title: string;
  readonly play: Play;
  /** It is played with each of these, and its figures are the worst of them, calls the sum. */
  readonly variants?: readonly (Surroundings & { readonly name: string })[];
  /** How many clusters there are, and which part of the nodes each of them has. Default: one, with all of them. */
  readonly clusters?: { readonly count: number; readonly part: number };
  /** Default: m5.4xlarge, whose ENIs take 29 secondary addresses. */
  readonly instanceType?: string;
}

const RAISED: BucketSize = { tokens: 1_000, refillPerSecond: 50 };
const WITH_PODS_OF_HALF_THE_NODES = { count: 1, part: 0.5 };

/** By the names that `--only` takes and `--json` prints: those that are played unless others are asked for. */
export const SCENARIOS = {
  quietPod: {
    title: 'a pod every 10 s',
    play: quietPods,
    variants: QUIET_VARIANTS,
    clusters: { count: 1, part: 0.12 },
    instanceType: 'm5.24xlarge',
  },
  forwarderRestart: {
    title: 'the forwarder restarts',
    play: forwarderRestart,
    clusters: { count: 1, part: 10 },
  },
  burst: { title: 'burst of pods', play: burst('assigned') },
  burstRaised: {
    title: 'burst, writes raised tenfold',
    play: burst('assigned'),
    limits: { AssignPrivateIpAddresses: RAISED, UnassignPrivateIpAddresses: RAISED },
    settings: { concurrency: 40, ec2: { maxPerSecond: 400 } },
  },
  largeBurst: {
    title: 'burst, five times the nodes',
    play: burst('assigned'),
    clusters: { count: 1, part: 5 },
  },
  deletion: { title: 'all pods deleted', play: deletion },
  rollout: { title: 'rolling restart', play: rollout },
  churn: { title: '20 changes a second', play: churn(20) },
  quietChurn: { title: '2 changes a second', play: churn(2) },
  drain: { title: 'a node drained', play: drain, instanceType: 'm5.24xlarge' },
  neighbour: {
    title: 'burst beside one Assign a second',
    play: burst('quiet'),
    neighbour: { calls: 1, everyMs: 1_000 },
  },
  neighbourThree: {
    title: 'burst beside three a second',
    play: burst('quiet'),
    neighbour: { calls: 1, everyMs: 333 },
  },
  neighbourThirty: {
    title: 'burst beside thirty at once',
    play: burst('quiet'),
    neighbour: { calls: 30, everyMs: 20_000 },
  },
  noLag: { title: 'reads do not lag', play: lagging(0), clusters: WITH_PODS_OF_HALF_THE_NODES },
  lag: { title: 'reads lag by 2 s', play: lagging(2_000), clusters: WITH_PODS_OF_HALF_THE_NODES },
  longLag: {
    title: 'reads lag by 8 s',
    play: lagging(8_000),
    clusters: WITH_PODS_OF_HALF_THE_NODES,
  },
  replaced: {
    title: 'burst, executions replaced every 2 s',
    play: burst('assigned'),
    replacedAfterMs: 2_000,
  },
  tenClusters: {
    title: 'ten clusters burst together, with a table',
    play: burst('assigned'),
    clusters: { count: 10, part: 0.4 },
    settings: { ec2: { budgetTable: true } },
  },
  fortyClusters: {
    title: 'forty small clusters burst together, with a table',
    play: burst('assigned'),
    clusters: { count: 40, part: 0.06 },
    settings: { ec2: { budgetTable: true } },
  },
} as const satisfies Readonly<Record<string, Scenario>>;

/** An EC2 in trouble, and many clusters without a table; played only if they are asked for. */
export const TROUBLES = {
  throttlesAll: { title: 'EC2 throttles all for ten minutes', play: trouble('throttles-all') },
  isSlow: { title: 'EC2 takes 5 s a call', play: trouble('is-slow') },
  hasRaisedLimits: { title: 'ten times the limits', play: trouble('has-raised-limits') },
  servesAnother: { title: 'another takes every token', play: trouble('serves-another') },
  tenClustersApart: {
    title: 'ten clusters, each alone',
    play: burst('assigned'),
    clusters: { count: 10, part: 0.4 },
  },
  fortyClustersApart: {
    title: 'forty small clusters, each alone',
    play: burst('assigned'),
    clusters: { count: 40, part: 0.06 },
  },
} as const satisfies Readonly<Record<string, Scenario>>;

const ALL = { ...SCENARIOS, ...TROUBLES };

export type ScenarioName = keyof typeof ALL;

export function isScenario(name: string): name is ScenarioName {
  return Object.hasOwn(ALL, name);
}

export function scenarioOf(name: ScenarioName): Scenario {
  return ALL[name];
}
