import { burst } from './burst.ts';
import { churn } from './churn.ts';
import { deletion } from './deletion.ts';
import { drain } from './drain.ts';
import type { Play } from './played.ts';
import { rollout } from './rollout.ts';
import { trouble } from './trouble.ts';

export interface Scenario {
  /** For the table. */
  readonly title: string;
  readonly play: Play;
  /** EC2 throttles as AWS does. Default: it does. */
  readonly throttled?: boolean;
  /** Somebody else makes an Assign a second. Default: nobody does. */
  readonly neighbour?: boolean;
  readonly maxPerSecond?: number;
  /** How many clusters there are, and which part of the nodes each of them has. Default: one, with all of them. */
  readonly clusters?: { readonly count: number; readonly part: number };
  /** Default: m5.4xlarge, whose ENIs take 29 secondary addresses. */
  readonly instanceType?: string;
}

/** By the names that `--only` takes and `--json` prints: those that are played unless others are asked for. */
export const SCENARIOS = {
  burstWithoutBucket: {
    title: 'burst of pods, no bucket',
    play: burst('assigned'),
    throttled: false,
    maxPerSecond: 400,
  },
  burst: { title: 'burst of pods', play: burst('assigned') },
  neighbour: { title: 'burst beside a neighbour', play: burst('quiet'), neighbour: true },
  deletion: { title: 'all pods deleted', play: deletion },
  rollout: { title: 'rolling restart', play: rollout },
  churn: { title: '20 changes a second', play: churn(20) },
  quietChurn: { title: '2 changes a second', play: churn(2) },
  drain: { title: 'a node drained', play: drain, instanceType: 'm5.24xlarge' },
} as const satisfies Readonly<Record<string, Scenario>>;

/** An EC2 in trouble, and more clusters than one; played where they are asked for. */
export const TROUBLES = {
  throttlesAll: { title: 'EC2 throttles all for ten minutes', play: trouble('throttles-all') },
  isSlow: { title: 'EC2 takes 5 s a call', play: trouble('is-slow') },
  hasRaisedLimits: { title: 'ten times the limits', play: trouble('has-raised-limits') },
  servesAnother: { title: 'another takes every token', play: trouble('serves-another') },
  tenClusters: {
    title: 'ten clusters burst together',
    play: burst('assigned'),
    clusters: { count: 10, part: 0.4 },
  },
  fortyClusters: {
    title: 'forty small clusters burst together',
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
