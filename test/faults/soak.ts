import { setImmediate } from 'node:timers/promises';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import type { Random } from '../../shared/time/clock.ts';
import { type Bed, startBed } from './harness/bed.ts';
import { CALL_FAULTS, CURRENT, onTime } from './harness/calls.ts';
import { driftOf } from './harness/drift.ts';
import { EVENT_FAULTS } from './harness/forwarders.ts';
import type { Race } from './harness/races.ts';
import { toTheEnd } from './harness/run.ts';
import { type Player, playerOf } from './harness/workload.ts';
import { lowestFree } from './workloads/addresses.ts';
import type { VirtualPod } from './world/pods.ts';
import { seededRandom } from './world/random.ts';

/** For how long pods come and go. */
const CHURN_MS = 40 * 60_000;
/** 20 changes a second, but for the rests. */
const CHANGE_MS = 50;
const SWEEP_MS = 5 * 60_000;
const MEASURE_MS = 60_000;
/** Before the heap is measured nothing changes for so long: what is under way takes megabytes, ms. */
const REST_MS = 20_000;
/** One call in so many meets with a fault, and one event. */
const FAULT_IN = 2_000;
const NODES = ['a', 'b', 'c', 'd', 'e', 'f'];
const MOST_PODS = 120;

export interface Soaked {
  readonly violations: readonly string[];
  readonly races: ReadonlyMap<Race, number>;
  /** Of the heap in use after a collection, in bytes per virtual minute. */
  readonly slope: number;
}

/** More than this is a leak: 54,000 pod changes an hour that leave 40 bytes each come to it. */
const FLAT_BYTES_PER_MINUTE = 36_000;
/** What is kept for a quarter of an hour is full by then, ms. */
const WARM_MS = 20 * 60_000;

/** Forty minutes of virtual time with 20 pod changes a second, a rest every minute, and faults all the way. */
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

  const heap: { readonly at: number; readonly bytes: number }[] = [];
  const begun = world.clock.now();
  const measure = async (): Promise<void> => {
    const at = world.clock.now() - begun;
    forgetEvents(bed);
    heap.push({ at, bytes: await heapInUse() });
    const minutes = Math.round(at / 60_000);
    if (minutes % 10 === 0) {
      options.say(
        `${minutes} min of churn: ${Math.round((heap.at(-1)?.bytes ?? 0) / 1024)} KiB of heap`,
      );
    }
  };
  const churning = churn(player, random, measure);
  if (!(await toTheEnd(bed))) invariants.violate('it does not come to rest');
  await churning;
  faulty = false;
  player.sweep();
  await toTheEnd(bed);
  for (const { text } of driftOf(world, claims)) invariants.violate(`after the sweep: ${text}`);
  for (const body of world.queues.lost()) invariants.violate(`a message is lost: ${body}`);
  const slope = slopeOf(heap.filter(({ at }) => at >= WARM_MS)) * 60_000;
  options.say(`memory: ${Math.round(slope)} bytes a minute, from the 20th minute on`);
  if (slope > FLAT_BYTES_PER_MINUTE) invariants.violate(`memory grows by ${slope} bytes a minute`);
  return { violations: invariants.violations, races: invariants.races, slope };
}

/** Pods come and go, each with the lowest free address. */
async function churn(player: Player, random: Random, measure: () => Promise<void>): Promise<void> {
  const { clock } = player.world;
  const addresses = lowestFree('172.16.1.', 70);
  const pods: { readonly pod: VirtualPod; readonly ip: string; terminating: boolean }[] = [];
  const begun = clock.now();
  let measured = begun;
  let swept = begun;
  for (let made = 0; clock.now() < begun + CHURN_MS; ) {
    await player.wait(CHANGE_MS);
    const index = Math.floor(random() * pods.length);
    const chosen = pods[index];
    const grows = pods.length < MOST_PODS && random() < 0.5;
    if (chosen === undefined || grows) {
      const node = NODES[Math.floor(random() * NODES.length)] ?? 'a';
      const pod = player.pod(`p-${made}`, { node });
      const ip = addresses.take();
      pod.attach({ network: 'net-1', ip });
      pods.push({ pod, ip, terminating: false });
      made += 1;
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
    if (clock.now() >= measured + MEASURE_MS) {
      await player.wait(REST_MS);
      measured = clock.now();
      await measure();
    }
  }
}

/** The API server forgets Events after a while. */
function forgetEvents({ world }: Bed): void {
  for (const { api } of world.clusters.values()) {
    for (const object of api.store.list('events')) api.store.remove('events', object);
  }
}

/**
 * A collection of the usual flavor leaves code and caches that V8 would give up if it had to: megabytes.
 * What Node keeps of signals goes in a turn after the collection that found them unused.
 */
async function heapInUse(): Promise<number> {
  setFlagsFromString('--expose-gc');
  const collect: unknown = runInNewContext('gc');
  for (let round = 0; round < 3; round += 1) {
    if (typeof collect === 'function') collect({ type: 'major', flavor: 'last-resort' });
    await setImmediate();
  }
  return process.memoryUsage().heapUsed;
}

/** Of the line that fits best, in bytes per ms. */
function slopeOf(points: readonly { readonly at: number; readonly bytes: number }[]): number {
  const mean = (values: readonly number[]): number =>
    values.reduce((sum, value) => sum + value, 0) / values.length;
  const at = mean(points.map((point) => point.at));
  const bytes = mean(points.map((point) => point.bytes));
  const covariance = mean(points.map((point) => (point.at - at) * (point.bytes - bytes)));
  return covariance / mean(points.map((point) => (point.at - at) ** 2));
}
