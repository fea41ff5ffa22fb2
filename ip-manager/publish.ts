import { FLOATING_IPS } from '../shared/claims/annotations.ts';
import { kubernetesFailure } from '../shared/cluster/errors.ts';
import { pauseAfter } from './back-off.ts';
import { floatingAnnotation } from './floating.ts';
import type { Outside } from './outside.ts';
import { isForbidden, type OwnPod, reasonToAskAgain } from './own-pod.ts';
import type { Seen } from './seen.ts';

const BACK_OFF = { firstMs: 500, mostMs: 30_000 };

/**
 * Keeps the pod's annotation as its interfaces are.
 *
 * @returns why the service account may not do that.
 * @throws Failure, and the signal's reason.
 */
export async function publish(
  { random, say }: Outside,
  pod: OwnPod,
  seen: Seen,
  signal: AbortSignal,
): Promise<string> {
  let failures = 0;
  for (;;) {
    const pause = failures === 0 ? undefined : pauseAfter(failures, BACK_OFF, random);
    await seen.changed.heard(signal, pause);
    try {
      await publishOnce(pod, seen, say, signal);
      failures = 0;
    } catch (error) {
      signal.throwIfAborted();
      if (isForbidden(error)) return kubernetesFailure(error).detail;
      const reason = reasonToAskAgain(error, pod);
      if (failures === 0) say(`not published yet: ${reason}`);
      failures += 1;
    }
  }
}

async function publishOnce(
  pod: OwnPod,
  seen: Seen,
  say: (line: string) => void,
  signal: AbortSignal,
): Promise<void> {
  const sightings = seen.sightings();
  if (sightings === undefined) return;
  // A patch that changes nothing is answered with the pod, so that no right to read it is needed.
  const now = await pod.annotate({}, signal);
  const wanted = floatingAnnotation(now, sightings);
  if (wanted === undefined) {
    say("nothing is published: the pod's network-status cannot be read");
    return;
  }
  if (wanted === (now.annotations[FLOATING_IPS] ?? null)) return;
  await pod.annotate({ [FLOATING_IPS]: wanted }, signal);
  say(`published ${FLOATING_IPS}: ${wanted ?? 'none'}`);
}
