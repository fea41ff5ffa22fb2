import type { Figures } from './figures.ts';
import type { ScenarioName } from './scenarios/index.ts';

/** The most that a figure may be; `throttledPercent` is of the calls that assign or unassign. */
export type Goals = Readonly<Partial<Record<keyof Figures | 'throttledPercent', number>>>;

/**
 * What 100 nodes with two ENIs are to cost, and how fast. Under a bucket of 100 tokens that refills
 * by 5 a second (AWS, "Request throttling for the Amazon EC2 API"), and with a reserve of ten left to
 * others, n calls take (n − 90) ÷ 5 seconds. A call for each ENI, 200, is the floor.
 */
export const GOALS: Readonly<Record<ScenarioName, Goals>> = {
  burstWithoutBucket: { p50Ms: 500, p99Ms: 1_200 },
  burst: { assign: 230, throttled: 12, seconds: 28, p50Ms: 5_000 },
  neighbour: { neighbourRefused: 2, seconds: 40 },
  deletion: { unassign: 230, throttled: 12, seconds: 28, neighbourRefused: 2 },
  rollout: { seconds: 180, throttledPercent: 5, refused: 20, neighbourRefused: 2 },
  churn: { p99Ms: 40_000, throttledPercent: 5 },
  quietChurn: { p99Ms: 400 },
  throttlesAll: { seconds: 10 },
  isSlow: { seconds: 10 },
  hasRaisedLimits: { seconds: 10 },
  servesAnother: { seconds: 10 },
  tenClusters: { assign: 880, throttled: 50, seconds: 165, lastCluster: 1.3 },
  fortyClusters: { assign: 528, throttled: 50, seconds: 110, lastCluster: 1.3 },
  drain: { assign: 25, unassign: 25, refused: 5 },
};

/** A figure, as a goal names it. */
export function figureOf(figures: Figures, name: keyof Goals): number {
  if (name !== 'throttledPercent') return figures[name] ?? 1;
  const { assign, unassign, refused, throttled } = figures;
  const calls = assign + unassign + refused + throttled;
  return calls === 0 ? 0 : (100 * throttled) / calls;
}

export function isMissed(figures: Figures, goals: Goals, name: keyof Goals): boolean {
  const most = goals[name];
  return most !== undefined && figureOf(figures, name) > most;
}
