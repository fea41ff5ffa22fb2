import type { VirtualWorker } from '../../../test/faults/world/world.ts';
import type { BenchPod } from '../pods.ts';
import type { BenchStage } from '../stage.ts';
import { beginWith, type Play, untilEnd } from './played.ts';

const PODS_PER_NODE = 10;
const SURGE = 0.25;
const START_MS = 2_000;
const STOP_MS = 3_000;
const SYNC_MS = 100;

/**
 * A rolling restart of a Deployment with ten pods for each node: maxSurge 25 %, maxUnavailable 0, our
 * condition as readiness gate. Its IPAM plugin gives out first what came back first. The seconds end
 * when all pods are new and ready. A wait is the time from `network-status` to the address.
 */
export const rollout: Play = async (stage) => {
  const { clock } = stage;
  const count = PODS_PER_NODE * stage.workers.length;
  const placing = leastLoaded(stage);
  const old = Array.from({ length: count }, () =>
    stage.pods.create(placing.next(), { gated: true }),
  );
  await beginWith(stage, old);
  const fresh: Starting[] = [];
  const going: BenchPod[] = [];
  const stopping = new Set<BenchPod>();
  let gone = 0;

  const stop = (pod: BenchPod): void => {
    going.push(pod);
    stopping.add(pod);
    pod.terminate();
    clock.after(STOP_MS * (0.5 + stage.random()), () => {
      pod.remove();
      gone += 1;
      placing.leave(pod);
      stage.pods.giveBack(pod);
    });
  };
  const ready = (): number => fresh.filter(({ pod, isUp }) => isUp() && pod.isTold()).length;
  let doneMs: number | undefined;
  // Terminating pods do not count as replicas (Deployment, "podReplacementPolicy": as it is by default).
  const sync = (): void => {
    const live = count - going.length + fresh.length;
    const more = Math.min(count + Math.ceil(count * SURGE) - live, count - fresh.length);
    for (let n = 0; n < more; n += 1) fresh.push(start(stage, placing.next()));
    const spare = ready() - going.length;
    for (const pod of old.filter((each) => !stopping.has(each)).slice(0, Math.max(0, spare)))
      stop(pod);
    if (gone === count && ready() === count) doneMs = stage.sinceBegin();
    else clock.after(SYNC_MS, sync);
  };
  sync();
  const addresses = () => fresh.flatMap(({ pod }) => pod.addresses);
  const isClean = () => stage.addresses.count() === addresses().length;
  await untilEnd(stage, () => doneMs !== undefined && stage.idle() && isClean());
  return {
    seconds: (doneMs ?? Number.NaN) / 1_000,
    waitsMs: addresses().map(({ assignedMs = Number.NaN }) => assignedMs),
  };
};

interface Starting {
  readonly pod: BenchPod;
  /** Its containers run. */
  isUp(): boolean;
}

function start({ clock, random, pods }: BenchStage, worker: VirtualWorker): Starting {
  const pod = pods.create(worker, { gated: true });
  const ms = START_MS * (0.5 + random());
  let up = false;
  clock.after(ms * 0.6, pod.attach);
  clock.after(ms, () => {
    pod.run();
    up = true;
  });
  return { pod, isUp: () => up };
}

/** A scheduler that takes the node with the fewest pods, the first of several. */
function leastLoaded({ workers }: BenchStage) {
  const load = new Map(workers.map((worker) => [worker, 0]));
  const byName = new Map(workers.map((worker) => [worker.name, worker]));
  const change = (worker: VirtualWorker, by: number): void => {
    load.set(worker, (load.get(worker) ?? 0) + by);
  };
  return {
    next(): VirtualWorker {
      const [best] = [...load].toSorted(([, a], [, b]) => a - b)[0] ?? [];
      if (best === undefined) throw new Error('there is no worker');
      change(best, 1);
      return best;
    },
    leave({ node }: BenchPod): void {
      const worker = byName.get(node);
      if (worker !== undefined) change(worker, -1);
    },
  };
}
