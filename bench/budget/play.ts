import * as z from 'zod';
import { LATENCIES } from './clients.ts';
import { type Figures, percentile } from './figures.ts';
import { isScenario, scenarioOf } from './scenarios/index.ts';
import type { Played } from './scenarios/played.ts';
import { type BenchStage, startStage } from './stage.ts';

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
    neighbourDelayMs: z.number(),
    neighbourLost: z.number(),
    errors: z.number(),
    lastCluster: z.number().optional(),
  }),
  details: z.record(z.string(), z.number()),
});
export type Answer = z.output<typeof answer>;

/** Plays a scenario, once in a thread: the thread's timers are taken over. */
export async function play({ scenario, seed, nodes, ...ms }: Order): Promise<Answer> {
  const {
    play: run,
    title: _,
    variants = [{ name: '' }],
    instanceType = 'm5.4xlarge',
    clusters = { count: 1, part: 1 },
    ...surroundings
  } = scenarioOf(scenario);
  const answers: Answer[] = [];
  for (const { name, ...variant } of variants) {
    const stage = await startStage({
      seed,
      nodes: Math.ceil(nodes * clusters.part),
      clusters: clusters.count,
      instanceType,
      latencies: { ...LATENCIES, ec2Read: ms.ec2ReadMs, ec2Write: ms.ec2WriteMs },
      ...surroundings,
      ...variant,
    });
    const played = await run(stage);
    const last = clusters.count > 1 && { lastCluster: lastCluster(played.clusterSeconds ?? []) };
    const figures = { ...figuresOf(stage, played), ...last };
    const details = { ...played.details, ...stage.details() };
    answers.push({
      figures,
      details: name === '' ? details : { [`${name}: p50 ms`]: figures.p50Ms },
    });
  }
  return answers.reduce(worstOf);
}

function figuresOf(stage: BenchStage, { seconds, waitsMs }: Played): Figures {
  const { neighbourRefused, neighbourDelayMs, neighbourLost } = stage.neighbour();
  return {
    ...stage.calls(),
    seconds: round(seconds, 1),
    p50Ms: round(percentile(waitsMs, 0.5), 0),
    p99Ms: round(percentile(waitsMs, 0.99), 0),
    neighbourRefused: round(neighbourRefused, 1),
    neighbourDelayMs: round(neighbourDelayMs, 0),
    neighbourLost,
    errors: stage.errors(),
  };
}

/** Of two variants the worse figures; calls are added up. */
function worstOf(a: Answer, b: Answer): Answer {
  const sums = ['assign', 'unassign', 'refused', 'throttled', 'errors'] as const;
  const worst = [
    'seconds',
    'p50Ms',
    'p99Ms',
    'neighbourRefused',
    'neighbourDelayMs',
    'neighbourLost',
  ] as const;
  const figures = { ...a.figures };
  for (const name of sums) figures[name] += b.figures[name];
  for (const name of worst) figures[name] = Math.max(figures[name], b.figures[name]);
  return { figures, details: { ...a.details, ...b.details } };
}

/** How many times as long as half of the clusters the last of them took. */
function lastCluster(seconds: readonly number[]): number {
  return round(Math.max(...seconds) / percentile(seconds, 0.5), 2);
}

function round(value: number, digits: number): number {
  return Number(value.toFixed(digits));
}
