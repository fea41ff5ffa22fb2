import { kubernetesFailure, refusalOf } from '../../../shared/cluster/errors.ts';

/**
 * Answers that say no more than "not now" (RFC 9110, 15.5; RFC 8470, 5.2). A request took too long,
 * somebody else was writing the object, or the connection might be replayed.
 */
const PASSING: ReadonlySet<number> = new Set([408, 409, 425]);

/**
 * What a failed patch of a pod's status says of that pod. The API server refuses it `for-good`, however
 * often it is sent, or `for-now`. `undefined` if the failure is not about the pod: then the next pod's
 * patch would fail alike.
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
