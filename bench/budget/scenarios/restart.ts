import { assignWaits, beginWith, type Play, podsOnEach, untilEnd } from './played.ts';

const NEW_PODS = 50;
/** How long after the restart new pods come. */
const WINDOW_MS = 20_000;

/**
 * The forwarder restarts, and has every node looked at, each of which has a pod. Meanwhile new pods come. The
 * waits are theirs, and the seconds end when the queue is empty.
 */
export const forwarderRestart: Play = async (stage) => {
  const { clock, random, workers } = stage;
  await beginWith(stage, podsOnEach(stage, 1));
  const pods = Array.from({ length: NEW_PODS }, () => {
    const worker = workers[Math.floor(random() * workers.length)];
    if (worker === undefined) throw new Error('there is no worker');
    return stage.pods.create(worker);
  });
  stage.restartForwarder();
  for (const pod of pods) {
    clock.after(random() * WINDOW_MS, () => {
      pod.attach();
      clock.after(300, pod.run);
    });
  }
  await untilEnd(
    stage,
    () => stage.sinceBegin() > WINDOW_MS && pods.every((pod) => pod.isTold()) && stage.idle(),
  );
  return { seconds: stage.sinceBegin() / 1_000, waitsMs: assignWaits(pods) };
};
