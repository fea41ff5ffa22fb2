import type { BenchPod } from '../pods.ts';
import { assignWaits, type Play, untilEnd } from './played.ts';

const PODS = 12;
const EVERY_MS = 10_000;

/** A pod comes every ten seconds, each to another node, and nothing else goes on. */
export const quietPods: Play = async (stage) => {
  const { clock, workers } = stage;
  const pods: BenchPod[] = [];
  await stage.begin(() => true);
  for (let index = 0; index < PODS; index += 1) {
    clock.after(index * EVERY_MS, () => {
      const worker = workers[index % workers.length];
      if (worker === undefined) throw new Error('there is no worker');
      const pod = stage.pods.create(worker);
      pods.push(pod);
      pod.attach();
      clock.after(300, pod.run);
    });
  }
  await untilEnd(
    stage,
    () => pods.length === PODS && pods.every((pod) => pod.isTold()) && stage.idle(),
  );
  return { seconds: stage.sinceBegin() / 1_000, waitsMs: assignWaits(pods) };
};

/** Every combination that the figures have to hold for. */
export const QUIET_VARIANTS = [1, 2, 3, 6, 10, 14].flatMap((enis) =>
  [4, 12, 40].flatMap((concurrency) =>
    [0.2, 0.5, 1].map((share) => ({
      enis,
      settings: { concurrency, ec2: { share } },
      name: `${enis} ENIs, concurrency ${concurrency}, share ${share}`,
    })),
  ),
);
