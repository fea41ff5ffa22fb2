import { areReleased, beginWith, firstSeen, type Play, podsOnEach, untilEnd } from './played.ts';

const PODS_PER_NODE = 10;
const WINDOW_MS = 1_000;

/**
 * All pods, ten on each node, are deleted within a second and take 1 to 4 s to stop. The seconds end
 * when the last address is released, the waits are from a pod's being gone to that.
 */
export const deletion: Play = async (stage) => {
  const { clock, random } = stage;
  const pods = podsOnEach(stage, PODS_PER_NODE);
  await beginWith(stage, pods);
  for (const pod of pods) {
    clock.after(random() * WINDOW_MS, () => {
      pod.terminate();
      clock.after(1_000 + random() * 3_000, pod.remove);
    });
  }
  const addresses = pods.flatMap((pod) => pod.addresses);
  const released = firstSeen(stage, () => areReleased(pods));
  await untilEnd(stage, () => released() !== undefined && stage.idle());
  return {
    seconds: (released() ?? Number.NaN) / 1_000,
    waitsMs: addresses.map(({ releasedMs = Number.NaN }) => releasedMs),
  };
};
