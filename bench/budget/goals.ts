import { type Figures, percentile } from './figures.ts';
import type { ScenarioName } from './scenarios/index.ts';

/**
 * The most that a figure may be at the median of the seeds, and in the worst of them if that goal differs.
 */
export type Goal = number | readonly [median: number, worst: number];
export type Goals = Readonly<Partial<Record<keyof Figures, Goal>>>;

/** How many Assigns 250 pods that come and 250 that go on 50 nodes cost at most, if reads do not lag. */
const ASSIGN_WITHOUT_LAG = 115;
const LAG: Goals = { throttled: 0, errors: 0, assign: Math.floor(1.3 * ASSIGN_WITHOUT_LAG) };
const CLUSTERS: Goals = { throttled: 50, lastCluster: 1.3 };

/**
 * What 100 nodes with two ENIs are to cost, and how fast. AWS's bucket has 100 tokens and refills by 5
 * a second (AWS, "Request throttling for the Amazon EC2 API"). Ten tokens are a reserve for others, so
 * n calls take (n − 90) ÷ 5 seconds. A call for each ENI, 200, is the floor.
 */
export const GOALS: Readonly<Record<ScenarioName, Goals>> = {
  quietPod: { p50Ms: 400 },
  forwarderRestart: { throttled: 0, p99Ms: 3_000 },
  burst: { assign: 208, throttled: 0, seconds: [27, 28] },
  burstRaised: { throttled: 0, seconds: 6 },
  largeBurst: { assign: 1_020, seconds: 190 },
  deletion: { unassign: 205, seconds: [27, 30] },
  rollout: { seconds: [165, 180] },
  churn: { p99Ms: [40_000, 42_000] },
  quietChurn: { p99Ms: [350, 700] },
  drain: { assign: 20, unassign: 20, refused: 2 },
  neighbour: { neighbourLost: 0, neighbourDelayMs: 1_000 },
  neighbourThree: { neighbourLost: 0, neighbourDelayMs: 1_000 },
  neighbourThirty: { neighbourLost: 0, neighbourDelayMs: 5_000 },
  noLag: { throttled: 0, errors: 0, assign: ASSIGN_WITHOUT_LAG },
  lag: LAG,
  longLag: LAG,
  replaced: { seconds: 27 },
  throttlesAll: { seconds: 10 },
  isSlow: { seconds: 10 },
  hasRaisedLimits: { seconds: 10 },
  servesAnother: { seconds: 10 },
  tenClusters: { ...CLUSTERS, assign: 880, seconds: 165 },
  fortyClusters: { ...CLUSTERS, assign: 528, seconds: 110 },
  tenClustersApart: {},
  fortyClustersApart: {},
};

/** A figure of several seeds beside its goal. */
export interface Judged {
  readonly median: number;
  readonly worst: number;
  readonly missed: boolean;
}

export function judge(runs: readonly Figures[], name: keyof Figures, goal?: Goal): Judged {
  const values = runs.map((figures) => figures[name] ?? 1);
  const [median, worst] = [percentile(values, 0.5), Math.max(...values)];
  if (goal === undefined) return { median, worst, missed: false };
  const [most, atWorst] = typeof goal === 'number' ? [goal, goal] : goal;
  return { median, worst, missed: median > most || (Array.isArray(goal) && worst > atWorst) };
}
