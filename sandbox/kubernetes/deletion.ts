import type { Clock } from '../../shared/clock.ts';
import { fieldAt, type KubeObject } from './object.ts';
import type { ResourceName } from './resources.ts';
import type { Store } from './store.ts';

const DEFAULT_GRACE_SECONDS = 30;

/** RFC 3339 to the second, as metav1.Time is written. */
export function toTimestamp(ms: number): string {
  return `${new Date(ms).toISOString().slice(0, 19)}Z`;
}

/**
 * The seconds that an object stays after it was asked to go. Only what a kubelet
 * has to stop first stays: a pod that is bound and not finished (k8s.io/kubernetes
 * pkg/registry/core/pod/strategy.go, CheckGracefulDelete). A namespace stays until
 * it is deleted with a grace period of 0; nobody here empties it.
 */
function graceSeconds(resource: ResourceName, object: KubeObject, asked?: number): number {
  if (resource === 'namespaces') return asked ?? DEFAULT_GRACE_SECONDS;
  if (resource !== 'pods') return 0;
  const phase = fieldAt(object, 'status.phase');
  const unbound = (fieldAt(object, 'spec.nodeName') ?? '') === '';
  if (unbound || phase === 'Succeeded' || phase === 'Failed') return 0;
  const own = fieldAt(object, 'spec.terminationGracePeriodSeconds');
  return Math.max(0, asked ?? (typeof own === 'number' ? own : DEFAULT_GRACE_SECONDS));
}

/**
 * Deletes `object`, or marks it as terminating where it has a grace period. A
 * second deletion can shorten the grace period and never lengthens it.
 */
export function deleteGracefully(
  store: Store,
  clock: Clock,
  resource: ResourceName,
  object: KubeObject,
  askedSeconds?: number,
): { readonly object: KubeObject; readonly gone: boolean } {
  const seconds = graceSeconds(resource, object, askedSeconds);
  if (seconds === 0) return { object: store.remove(resource, object), gone: true };
  const present = object.metadata.deletionGracePeriodSeconds;
  if (present !== undefined && present <= seconds) return { object, gone: false };
  const terminating = store.put(resource, {
    ...object,
    ...(resource === 'namespaces' ? { status: { phase: 'Terminating' } } : {}),
    metadata: {
      ...object.metadata,
      deletionTimestamp: toTimestamp(clock.now() + seconds * 1000),
      deletionGracePeriodSeconds: seconds,
    },
  });
  return { object: terminating, gone: false };
}
