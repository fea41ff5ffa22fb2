import { getHeapSpaceStatistics } from 'node:v8';
import { EVIDENCE_HOLDS_MS } from '../../functions/reconcile/queue/request.ts';
import type { Random } from '../../shared/time/clock.ts';
import { collectGarbage } from '../support/collect-garbage.ts';
import { type Bed, startBed } from './harness/bed.ts';
import { CALL_FAULTS, CURRENT, onTime } from './harness/calls.ts';
import { driftOf } from './harness/drift.ts';
import { EVENT_FAULTS } from './harness/forwarders.ts';
import type { Race } from './harness/races.ts';
import { LEDGERS_SETTLED_MS, toTheEnd } from './harness/run.ts';
import { type Player, playerOf } from './harness/workload.ts';
import { lowestFree } from './workloads/addresses.ts';
import type { VirtualPod } from './world/pods.ts';
import { seededRandom } from './world/random.ts';

/** Pods come and go for longer than anything is kept; code is compiled, and caches fill. ms */
const WARM_MS = 20 * 60_000;
/** Then for so long at a time, ms; so many times. */
const ROUND_MS = 7 * 60_000;
const ROUNDS = 5;
/** 20 changes a second. */
const CHANGE_MS = 50;
const SWEEP_MS = 4 * 60_000;
/**
 * Before the heap is measured all pods are gone, and for so long nothing changes, in ms: what is under
 * way has ended, and what is kept for a quarter of an hour has lapsed. So the same is there each time.
 */
const REST_MS = EVIDENCE_HOLDS_MS + 60_000;
/** Some of what has lapsed is forgotten when the next pod comes. ms */
const LAST_POD_MS = 20_000;
/** One call in so many meets with a fault, and one event. */
const FAULT_IN = 2_000;
const NODES = ['a', 'b', 'c', 'd', 'e', 'f'];
const MOST_PODS = 120;

export interface Soaked {
  readonly violations: readonly string[];
  readonly races: ReadonlyMap<Race, number>;
  /** By how much the heap in use after a collection grows, in bytes per virtual minute of churn. */
  readonly slope: number;
}

/** More than this is a leak: 1,200 pod changes that leave 20 bytes each come to it. */
const FLAT_BYTES_PER_MINUTE = 24_000;

/** 55 minutes of virtual time with 20 pod changes a second, and six rests, and faults all the way. */
export async function soak(options: {
  readonly seed: number;
  readonly say: (text: string) => void;
}): Promise<Soaked> {
  const random = seededRandom(options.seed);
  const pick = <T>(list: readonly T[]): T | undefined => list[Math.floor(random() * list.length)];
  let faulty = true;
  const strikes = (): boolean => faulty && random() * FAULT_IN < 1;
  const bed = startBed({
    clusters: ['demo'],
    keepsPoints: false,
    schedule: {
      fault: () => (strikes() ? pick(CALL_FAULTS) : undefined),
      view: () => (strikes() ? { kind: 'versions', back: 1 } : CURRENT),
      travel: onTime,
    },
    delivery: () => (strikes() ? pick(EVENT_FAULTS) : undefined),
  });
  const { world, invariants, claims } = bed;
  const player = playerOf(bed);
  for (const name of NODES) player.cluster.addWorker({ name, instanceType: 'm5.4xlarge' });

  const heap: number[] = [];
  const rounds = async (): Promise<void> => {
    await round(bed, player, random, WARM_MS);
    for (let nth = 1; nth <= ROUNDS; nth += 1) {
      await round(bed, player, random, ROUND_MS);
      const bytes = await heapInUse();
      heap.push(bytes);
      options.say(`round ${nth} of churn: ${Math.round(bytes / 1024)} KiB of heap at rest`);
    }
  };
  const churning = rounds();
  if (!(await toTheEnd(bed))) invariants.violate('it does not come to rest');
  await churning;
  faulty = false;
  void player.wait(LEDGERS_SETTLED_MS);
  await toTheEnd(bed);
  player.sweep();
  await toTheEnd(bed);
  for (const { text } of driftOf(world, claims, invariants.ours))
    invariants.violate(`after the sweep: ${text}`);
  for (const body of world.queues.lost()) invariants.violate(`a message is lost: ${body}`);
  const slope = slopeOf(heap) / (ROUND_MS / 60_000);
  options.say(`memory: ${Math.round(slope)} bytes a minute of churn`);
  if (slope > FLAT_BYTES_PER_MINUTE) invariants.violate(`memory grows by ${slope} bytes a minute`);
  return { violations: invariants.violations, races: invariants.races, slope };
}

/** Pods come and go, each with the lowest free address; in the end all have gone. */
async function churn(player: Player, random: Random, forMs: number): Promise<void> {
  const { clock } = player.world;
  const addresses = lowestFree('172.16.1.', 70);
  const pods: { readonly pod: VirtualPod; readonly ip: string; terminating: boolean }[] = [];
  const end = clock.now() + forMs;
  let swept = clock.now();
  while (clock.now() < end || pods.length > 0) {
    await player.wait(CHANGE_MS);
    const index = Math.floor(random() * pods.length);
    const chosen = pods[index];
    const grows = clock.now() < end && pods.length < MOST_PODS && random() < 0.5;
    if (chosen === undefined || grows) {
      const node = NODES[Math.floor(random() * NODES.length)] ?? 'a';
      const pod = player.pod(`p-${clock.now()}`, { node });
      const ip = addresses.take();
      pod.attach({ network: 'net-1', ip });
      pods.push({ pod, ip, terminating: false });
    } else if (chosen.terminating) {
      chosen.pod.remove();
      pods.splice(index, 1);
    } else {
      chosen.terminating = true;
      chosen.pod.terminate();
      addresses.free(chosen.ip);
    }
    if (clock.now() >= swept + SWEEP_MS) {
      swept = clock.now();
      player.sweep();
      player.breakWatches();
    }
  }
}

/** Churn, and the rest after it. */
async function round(bed: Bed, player: Player, random: Random, forMs: number): Promise<void> {
  await churn(player, random, forMs);
  await player.wait(REST_MS);
  const last = player.pod('last', { node: 'a' });
  last.attach({ network: 'net-1', ip: '172.16.1.200' });
  await player.wait(LAST_POD_MS);
  last.terminate();
  await player.wait(LAST_POD_MS);
  last.remove();
  await player.wait(LAST_POD_MS);
  forgetEvents(bed);
}

/** The API server forgets Events after a while. */
function forgetEvents({ world }: Bed): void {
  for (const { api } of world.clusters.values()) {
    for (const object of api.store.list('events')) api.store.remove('events', object);
  }
}

/** What V8 compiles, again and again as it learns, and how it undoes that. */
const OF_CODE = /^(?:code|trusted)_/;

/** In bytes, after a collection, without code. */
async function heapInUse(): Promise<number> {
  await collectGarbage();
  return getHeapSpaceStatistics()
    .filter(({ space_name: name }) => !OF_CODE.test(name))
    .reduce((sum, { space_used_size: bytes }) => sum + bytes, 0);
}

/** Of the line that fits best, per value. */
function slopeOf(values: readonly number[]): number {
  const middle = (values.length - 1) / 2;
  const mean = values.reduce((sum, value) => sum + value, 0) / values.length;
  const covariance = values.reduce((sum, value, at) => sum + (at - middle) * (value - mean), 0);
  return covariance / values.reduce((sum, _, at) => sum + (at - middle) ** 2, 0);
}
