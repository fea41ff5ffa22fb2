import * as z from 'zod';
import { LATENCIES } from '../clients.ts';
import { percentile } from '../figures.ts';
import { isScenario, scenarioOf } from '../scenarios/index.ts';
import { startPeerStage } from './stage.ts';

/** What a thread is told to play. */
export const peerOrder = z.object({
  peer: z.enum(['initContainer', 'daemonSet']),
  scenario: z.string().refine(isScenario, 'not a scenario'),
  seed: z.int(),
  nodes: z.int().positive(),
});
export type PeerOrder = z.output<typeof peerOrder>;

const time = z.number().nullable();

/** What became of a scenario. What never happens has no time. */
export const peerFigures = z.object({
  assign: z.number(),
  unassign: z.number(),
  describe: z.number(),
  refused: z.number(),
  throttled: z.number(),
  seconds: time,
  p50Ms: time,
  p99Ms: time,
  neighbourRefused: z.number(),
  /** Addresses that pods are left without, for good. */
  lost: z.number(),
  /** Addresses that are left on ENIs by pods that are gone. */
  leaked: z.number(),
});
export type PeerFigures = z.output<typeof peerFigures>;

/** Plays a scenario by a peer's calls, once in a thread: the thread's timers are taken over. */
export async function playPeer({ peer, scenario, seed, nodes }: PeerOrder): Promise<PeerFigures> {
  const { play, instanceType = 'm5.4xlarge', limits, neighbour } = scenarioOf(scenario);
  const how = {
    instanceType,
    latencies: LATENCIES,
    ...(limits && { limits }),
    ...(neighbour && { neighbour }),
  };
  const stage = await startPeerStage({ peer, seed, nodes, ...how });
  const { seconds, waitsMs } = await play(stage);
  const describes = Object.entries(stage.details()).filter(([name]) => name.startsWith('Describe'));
  // Who releases nothing is never done with a deletion.
  const isOver = waitsMs.some(Number.isFinite);
  return {
    ...stage.calls(),
    describe: describes.reduce((sum, [, calls]) => sum + calls, 0),
    seconds: isOver ? round(seconds, 1) : null,
    p50Ms: timeOf(percentile(waitsMs, 0.5)),
    p99Ms: timeOf(percentile(waitsMs, 0.99)),
    neighbourRefused: round(stage.neighbour().neighbourRefused, 1),
    lost: stage.lost(),
    leaked: stage.leaked(),
  };
}

function timeOf(ms: number): number | null {
  return Number.isFinite(ms) ? round(ms, 0) : null;
}

function round(value: number, digits: number): number {
  return Number(value.toFixed(digits));
}
