import { FLOATING_IPS } from '../../shared/cluster/annotations.ts';
import { pauseAfter } from '../../shared/time/back-off.ts';
import type { ChangeSignal } from '../addresses/change-signal.ts';
import { floatingAnnotation, type Presences, sinceByServer } from '../addresses/floating.ts';
import {
  LASTING_REFUSALS,
  type OwnPod,
  type Patched,
  type PodFailure,
  podFailure,
} from '../addresses/own-pod.ts';
import { EXIT, Failure } from '../exit-code.ts';
import type { IpManagerOutside } from './outside.ts';

const BACK_OFF = { first: 500, most: 30_000, jitter: 0.5 };
/** How often to look whether `network-status` names by now what is published as floating. */
const LOOK_AGAIN = { first: 1_000, most: 60_000, jitter: 0.5 };
const UNREADABLE = "nothing is published: the pod's network-status cannot be read";

/** What is to be published, which changes. */
export interface Publishable {
  /** `undefined` while nothing is known. */
  readonly presences: () => Presences | undefined;
  readonly changed: ChangeSignal;
}

/**
 * Keeps the pod's annotation equal to what its interfaces have. A refusal is tried again like any
 * other failure: an expired token is renewed, and a Role can be bound later.
 *
 * @param onPermission told when the service account may not publish, and when it may again.
 * @throws Failure if there is no such pod, what nobody foresaw, and the signal's reason.
 */
export async function publish(
  outside: IpManagerOutside,
  { presences, changed }: Publishable,
  onPermission: (mayPublish: boolean) => void,
  signal: AbortSignal,
): Promise<never> {
  const { random, say } = outside;
  const log = publishingLog(say, onPermission);
  const sinceOf = sinceByServer();
  let pod: OwnPod | undefined;
  let failures = 0;
  let looks = 0;
  let pause: number | undefined;
  for (;;) {
    await changed.wait(signal, pause);
    const seen = presences();
    if (seen === undefined) continue;
    try {
      pod ??= await outside.ownPod();
      const wantedOf = (now: Patched): string | null | undefined =>
        floatingAnnotation(now.pod, seen, (presence) => sinceOf(presence, now.aheadMs));
      const { wanted, isNew } = await publishOnce(pod, wantedOf, log.published, signal);
      log.works(wanted === undefined ? UNREADABLE : '');
      failures = 0;
      looks = isNew ? 1 : looks + 1;
      pause = wanted === null ? undefined : pauseAfter(looks, LOOK_AGAIN, random);
    } catch (error) {
      signal.throwIfAborted();
      const failure = podFailure(error, pod);
      if (failure.kind === 'not-found') throw new Failure(EXIT.badInput, failure.reason);
      log.fails(failure);
      failures += 1;
      pause = pauseAfter(failures, BACK_OFF, random);
    }
  }
}

/** @returns the value that the annotation is to have, as `floatingAnnotation`, and whether it had another. */
async function publishOnce(
  pod: OwnPod,
  wantedOf: (now: Patched) => string | null | undefined,
  published: (value: string | null) => void,
  signal: AbortSignal,
): Promise<{ readonly wanted: string | null | undefined; readonly isNew: boolean }> {
  // A patch that changes nothing is answered with the pod, so that no right to read it is needed.
  const now = await pod.annotate({}, signal);
  const wanted = wantedOf(now);
  const isNew = wanted !== undefined && wanted !== (now.pod.annotations[FLOATING_IPS] ?? null);
  if (isNew) {
    await pod.annotate({ [FLOATING_IPS]: wanted }, signal);
    published(wanted);
  }
  return { wanted, isNew };
}

/** Says what becomes of the publishing, each thing once. */
function publishingLog(say: (line: string) => void, onPermission: (mayPublish: boolean) => void) {
  let refusals = 0;
  let saidLast = '';
  return {
    published: (value: string | null) => say(`published ${FLOATING_IPS}: ${value ?? 'none'}`),
    works(problem: string) {
      if (problem !== '' && problem !== saidLast) say(problem);
      saidLast = problem;
      if (refusals >= LASTING_REFUSALS) {
        say('floating addresses can be published, and are assigned directly no longer');
        onPermission(true);
      }
      refusals = 0;
    },
    fails({ kind, reason }: PodFailure) {
      if (reason !== saidLast) say(`not published yet: ${reason}`);
      saidLast = reason;
      if (kind !== 'forbidden') return;
      refusals += 1;
      if (refusals !== LASTING_REFUSALS) return;
      say(
        'floating addresses are assigned directly until they can be published: nobody claims them, so a reconciler releases those that a ledger has, and leaves the others on the ENI',
      );
      onPermission(false);
    },
  };
}
