import * as z from 'zod';
import { LATENCIES } from './clients.ts';
import { type Figures, percentile } from './figures.ts';
import { isScenario, scenarioOf } from './scenarios/index.ts';
import { startStage } from './stage.ts';

/** What a thread is told to play. */
export const order = z.object({
  scenario: z.string().refine(isScenario, 'not a scenario'),
  seed: z.int(),
  nodes: z.int().positive(),
  ec2ReadMs: z.number().positive(),
  ec2WriteMs: z.number().positive(),
});
export type Order = z.output<typeof order>;

/** What it answers. */
export const answer = z.object({
  figures: z.object({
    assign: z.number(),
    unassign: z.number(),
    refused: z.number(),
    throttled: z.number(),
    seconds: z.number(),
    p50Ms: z.number(),
    p99Ms: z.number(),
    neighbourRefused: z.number(),
    lastCluster: z.number().optional(),
  }),
  details: z.record(z.string(), z.number()),
});
export type Answer = z.output<typeof answer>;

/** Plays a scenario, once in a thread: the thread's timers are taken over. */
export async function play({ scenario, seed, nodes, ...ms }: Order): Promise<Answer> {
  const {
    play: run,
    throttled = true,
    neighbour = false,
    instanceType = 'm5.4xlarge',
    maxPerSecond,
    clusters = { count: 1, part: 1 },
  } = scenarioOf(scenario);
  const latencies = { ...LATENCIES, ec2Read: ms.ec2ReadMs, ec2Write: ms.ec2WriteMs };
  const stage = await startStage({
    seed,
    nodes: Math.ceil(nodes * clusters.part),
    clusters: clusters.count,
    instanceType,
    latencies,
    throttled,
    neighbour,
    maxPerSecond,
  });
  const { seconds, waitsMs, clusterSeconds = [], details = {} } = await run(stage);
  const result: Figures = {
    ...stage.calls(),
    seconds: round(seconds, 1),
    p50Ms: round(percentile(waitsMs, 0.5), 0),
    p99Ms: round(percentile(waitsMs, 0.99), 0),
    neighbourRefused: round(stage.neighbourRefused(), 1),
    ...(clusters.count > 1 && { lastCluster: round(lastCluster(clusterSeconds), 2) }),
  };
  return { figures: result, details: { ...details, ...stage.details() } };
}

/** How many times as long as half of the clusters the last of them took. */
function lastCluster(seconds: readonly number[]): number {
  return Math.max(...seconds) / percentile(seconds, 0.5);
}

function round(value: number, digits: number): number {
  return Number(value.toFixed(digits));
}
