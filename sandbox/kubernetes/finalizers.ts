import type { Draft } from './object.ts';
import type { Resource } from './resources.ts';
import { invalid } from './status.ts';

/** The finalizers that need no domain (k8s.io/kubernetes pkg/apis/core/helper). */
const STANDARD = ['kubernetes', 'orphan', 'foregroundDeletion'];

export function finalizersOf({ metadata }: Draft): readonly string[] {
  return metadata.finalizers ?? [];
}

/** @throws StatusError 422 for a name without a domain; custom resources are only warned of one. */
export function checkFinalizerNames(resource: Resource, name: string, draft: Draft): void {
  if (resource.custom) return;
  for (const [index, finalizer] of finalizersOf(draft).entries()) {
    if (finalizer.includes('/') || STANDARD.includes(finalizer)) continue;
    throw invalid(resource, name, {
      field: `metadata.finalizers[${index}]`,
      reason: 'FieldValueInvalid',
      message: `Invalid value: ${JSON.stringify(finalizer)}: name is neither a standard finalizer name nor is it fully qualified`,
    });
  }
}

/** @throws StatusError 422 if an object that is being deleted would get one more. */
export function checkNoNewFinalizers(
  resource: Resource,
  name: string,
  stored: Draft,
  next: Draft,
): void {
  if (stored.metadata.deletionTimestamp === undefined) return;
  const added = finalizersOf(next).filter((each) => !finalizersOf(stored).includes(each));
  if (added.length === 0) return;
  const list = added.map((each) => JSON.stringify(each)).join(', ');
  throw invalid(resource, name, {
    field: 'metadata.finalizers',
    reason: 'FieldValueForbidden',
    message: `Forbidden: no new finalizers can be added if the object is being deleted, found new finalizers []string{${list}}`,
  });
}

/**
 * Whether an update deletes the object: nothing holds it any more
 * (k8s.io/apiserver pkg/registry/generic/registry/store.go, ShouldDeleteDuringUpdate).
 */
export function deletesByUpdate(stored: Draft, next: Draft): boolean {
  const { deletionTimestamp, deletionGracePeriodSeconds = 0 } = stored.metadata;
  return (
    deletionTimestamp !== undefined &&
    deletionGracePeriodSeconds === 0 &&
    finalizersOf(next).length === 0 &&
    namespaceFinalizers(next).length === 0
  );
}

/** What a Namespace has in its spec until what is in it is gone. */
export function namespaceFinalizers({ spec }: Draft): readonly unknown[] {
  return Array.isArray(spec?.finalizers) ? spec.finalizers : [];
}
