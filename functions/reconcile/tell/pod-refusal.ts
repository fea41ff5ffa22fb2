import { kubernetesFailure, refusalOf } from '../../../shared/cluster/errors.ts';

/**
 * Answers that say no more than "not now": a request that took too long, an object that somebody
 * else was writing, a connection that might be replayed (RFC 9110, 15.5; RFC 8470, 5.2).
 */
const PASSING: ReadonlySet<number> = new Set([408, 409, 425]);

/**
 * What a failed patch of a pod's status says of that pod: the API server refuses it `for-good`,
 * however often it is sent, or `for-now`; `undefined` where the failure is not about the pod, so
 * that the next pod's patch would fail alike.
 *
 * A missing permission is mended by the operator, and so is worth a retry. What an admission
 * webhook or policy denies is mended by whoever made that, for this pod or for all
 * (https://kubernetes.io/docs/reference/access-authn-authz/extensible-admission-controllers/).
 */
export function podRefusal(error: unknown): 'for-good' | 'for-now' | undefined {
  const { kind, detail } = kubernetesFailure(error);
  if (kind === 'forbidden')
    return /\bdenied (the )?request\b/.test(detail) ? 'for-good' : 'for-now';
  if (kind !== 'refused') return undefined;
  return PASSING.has(refusalOf(error)?.code ?? 0) ? 'for-now' : 'for-good';
}
