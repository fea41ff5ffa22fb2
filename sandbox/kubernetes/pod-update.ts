import { isDeepStrictEqual } from 'node:util';
import { asJson, type Draft, isRecord } from './object.ts';
import { type Resource, resourceNamed } from './resources.ts';
import { invalid } from './status.ts';

const PODS: Resource = resourceNamed('pods');

function withoutImages(containers: unknown): unknown {
  if (!Array.isArray(containers)) return containers;
  return containers.map((each: unknown) => {
    if (!isRecord(each)) return each;
    const { image: _, ...rest } = each;
    return rest;
  });
}

/** What of a pod's spec stays as it was created. */
function fixedOf({ spec = {} }: Draft): unknown {
  const {
    activeDeadlineSeconds: _deadline,
    tolerations: _tolerations,
    containers,
    initContainers,
    ...rest
  } = spec;
  return asJson({
    ...rest,
    containers: withoutImages(containers),
    initContainers: withoutImages(initContainers),
  });
}

/**
 * Checks that an update leaves of a pod's spec what can be changed by nothing but a new pod.
 * Binding counts as an update here: the stand-in for the scheduler writes `spec.nodeName`
 * (k8s.io/kubernetes pkg/apis/core/validation/validation.go, ValidatePodUpdate).
 *
 * @throws StatusError 422
 */
export function checkPodUpdate(name: string, stored: Draft, next: Draft): void {
  const unbound = (stored.spec?.nodeName ?? '') === '';
  const { nodeName } = next.spec ?? {};
  const before = unbound ? { ...stored, spec: { ...stored.spec, nodeName } } : stored;
  if (isDeepStrictEqual(fixedOf(before), fixedOf(next))) return;
  throw invalid(PODS, name, {
    field: 'spec',
    reason: 'FieldValueForbidden',
    message:
      'Forbidden: pod updates may not change fields other than `spec.containers[*].image`,`spec.initContainers[*].image`,`spec.activeDeadlineSeconds`,`spec.tolerations` (only additions to existing tolerations),`spec.terminationGracePeriodSeconds` (allow it to be set to 1 if it was previously negative)',
  });
}
