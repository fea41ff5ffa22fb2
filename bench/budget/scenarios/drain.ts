import type { BenchPod } from '../pods.ts';
import type { BenchStage } from '../stage.ts';
import { assignWaits, beginWith, firstSeen, type Play, untilEnd } from './played.ts';

const PODS = 49;
const TARGETS = 10;
const OTHERS_PER_NODE = 5;
const WINDOW_MS = 1_000;

/**
 * A node is drained. Each of its 49 pods has static addresses. Its replacement has the same ones, and
 * comes to one of ten other nodes while the old pod is still stopping. The seconds end when every
 * address is on its new ENI. A wait is the time from `network-status` to that.
 */
export const drain: Play = async (stage) => {
  const { clock, random } = stage;
  const [from, ...rest] = stage.workers;
  if (from === undefined) throw new Error('there is no worker');
  const old = Array.from({ length: PODS }, () => stage.pods.create(from));
  // They only make lists longer.
  const others = rest.flatMap((worker) =>
    Array.from({ length: OTHERS_PER_NODE }, () => stage.pods.create(worker)),
  );
  await beginWith(stage, [...old, ...others]);
  const fresh: BenchPod[] = [];
  let gone = 0;
  for (const [index, pod] of old.entries()) {
    clock.after(random() * WINDOW_MS, () => {
      pod.terminate();
      fresh.push(replace(stage, pod, index));
      clock.after(4_000 + 2_000 * random(), () => {
        pod.remove();
        gone += 1;
      });
    });
  }
  const addresses = () => fresh.flatMap((pod) => pod.addresses);
  const moved = firstSeen(
    stage,
    () => gone === PODS && addresses().every(({ ip, eniId }) => stage.addresses.on(ip) === eniId),
  );
  await untilEnd(
    stage,
    () => moved() !== undefined && stage.idle() && fresh.every((pod) => pod.isTold()),
  );
  return {
    seconds: (moved() ?? Number.NaN) / 1_000,
    waitsMs: assignWaits(fresh),
  };
};

function replace(
  { clock, random, pods, workers }: BenchStage,
  old: BenchPod,
  index: number,
): BenchPod {
  const worker = workers[1 + (index % TARGETS)];
  if (worker === undefined) throw new Error('there are too few workers');
  const pod = pods.create(worker, { ips: old.addresses.map(({ ip }) => ip) });
  clock.after(1_000 + 1_000 * random(), () => {
    pod.attach();
    clock.after(200, pod.run);
  });
  return pod;
}
