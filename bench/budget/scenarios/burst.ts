import type { BenchPod } from '../pods.ts';
import { assignWaits, firstSeen, type Play, podsOnEach, untilEnd } from './played.ts';

const PODS_PER_NODE = 10;
const WINDOW_MS = 2_500;

/**
 * Ten pods on each node get their networks within 2.5 s.
 *
 * @param until what the seconds end with: every address on its ENI (`assigned`), or also every pod
 *   told and the queue empty (`quiet`). The waits are from `network-status` to the address.
 */
export function burst(until: 'assigned' | 'quiet'): Play {
  return async (stage) => {
    const { clock, random } = stage;
    const pods = podsOnEach(stage, PODS_PER_NODE);
    const attachedAt = new Map<BenchPod, number>();
    await stage.begin(() => true);
    for (const pod of pods) {
      clock.after(random() * WINDOW_MS, () => {
        attachedAt.set(pod, stage.sinceBegin());
        pod.attach();
        clock.after(200 + 300 * random(), pod.run);
      });
    }
    const addresses = pods.flatMap((pod) => pod.addresses);
    const assigned = firstSeen(stage, () =>
      addresses.every(({ assignedMs }) => assignedMs !== undefined),
    );
    const quiet = () =>
      assigned() !== undefined && pods.every((pod) => pod.isTold()) && stage.idle();
    await untilEnd(stage, quiet);
    const endMs = until === 'assigned' ? (assigned() ?? Number.NaN) : stage.sinceBegin();
    const doneMs = (pod: BenchPod): number =>
      (attachedAt.get(pod) ?? 0) + Math.max(...assignWaits([pod]));
    return {
      seconds: endMs / 1_000,
      waitsMs: assignWaits(pods),
      clusterSeconds: [...Map.groupBy(pods, ({ cluster }) => cluster).values()].map(
        (its) => Math.max(...its.map(doneMs)) / 1_000,
      ),
    };
  };
}
