import type { PodClaims } from '../../shared/claims/claim.ts';
import { parseAssigned } from '../../shared/claims/condition-message.ts';
import { claimsOf } from '../../shared/claims/pod-claims.ts';
import { CONDITION_TYPE, type Pod } from '../../shared/cluster/kubernetes.ts';
import { pauseAfter } from '../../shared/time/back-off.ts';
import { sleep } from '../../shared/time/clock.ts';
import { LASTING_REFUSALS, podFailure } from '../addresses/own-pod.ts';
import { EXIT, Failure } from '../exit-code.ts';
import type { IpManagerOutside } from './outside.ts';
import { type TimeLimit, withTimeLimit } from './time-limit.ts';

const BACK_OFF = { first: 500, most: 2_000, jitter: 0.5 };

/**
 * Waits until the reconciler has told, by the pod's condition, that its addresses are on their ENIs.
 *
 * @throws Failure that says what the condition was when the time was up, or why it cannot be read.
 */
export async function wait(outside: IpManagerOutside, limit: TimeLimit): Promise<void> {
  const { clock, random } = outside;
  const pod = await outside.ownPod();
  const told = await withTimeLimit(outside, limit, async (signal, waitsFor) => {
    let refusals = 0;
    for (let failures = 1; ; failures += 1) {
      try {
        const state = stateOf(await pod.read(signal));
        refusals = 0;
        if (state.kind === 'done') return state.told;
        waitsFor(state.reason);
      } catch (error) {
        signal.throwIfAborted();
        const { kind, reason } = podFailure(error, pod);
        if (kind === 'not-found') throw new Failure(EXIT.badInput, reason);
        if (kind === 'forbidden') refusals += 1;
        if (refusals === LASTING_REFUSALS) throw new Failure(EXIT.noPermission, reason);
        waitsFor(reason);
      }
      await sleep(clock, pauseAfter(failures, BACK_OFF, random), signal);
    }
  });
  outside.say(told);
}

/** Multus attaches before the first container starts: what is not attached by then will not be. */
function claimsNothing({ claims, unreadable, notAttached }: PodClaims): boolean {
  return claims.length + unreadable.length === 0 && notAttached === undefined;
}

type State =
  | { readonly kind: 'done'; readonly told: string }
  | { readonly kind: 'waiting'; readonly reason: string };

/**
 * A condition may list an address that the pod no longer has. It is from before the sandbox was made
 * anew, after a reboot of the node, for instance. The reconciler has yet to see the new addresses.
 */
function stateOf(pod: Pod): State {
  const { condition } = pod;
  const claims = claimsOf(pod, { networks: new Map() });
  if (claims === undefined || claimsNothing(claims)) {
    return { kind: 'done', told: 'nothing to wait for: the pod claims no address' };
  }
  if (claims.notAttached !== undefined && condition?.status !== 'False') {
    const { networks } = claims.notAttached;
    return {
      kind: 'waiting',
      reason: `the pod was not attached to ${networks.join(', ') || 'what it asks for'}: if Multus was not ready, delete the pod`,
    };
  }
  if (condition === undefined) {
    return {
      kind: 'waiting',
      reason: `condition ${CONDITION_TYPE} is not set: the reconciler has not seen the pod yet, or none of its networks is on an ENI`,
    };
  }
  const { status, reason, message } = condition;
  if (status !== 'True') {
    return {
      kind: 'waiting',
      reason: `condition ${CONDITION_TYPE} is ${status}: ${reason}: ${message}`,
    };
  }
  const claimed = new Set(claims.claims.map(({ address }) => address));
  const former = parseAssigned(message).find(({ address }) => !claimed.has(address));
  if (former === undefined) return { kind: 'done', told: message };
  return {
    kind: 'waiting',
    reason: `condition ${CONDITION_TYPE} still tells of ${former.address}, which the pod no longer has`,
  };
}
