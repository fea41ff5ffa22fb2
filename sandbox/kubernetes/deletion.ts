import { isDeepStrictEqual } from 'node:util';
import type { Clock } from '../../shared/time/clock.ts';
import type { Writer } from './dry-run.ts';
import { finalizersOf, namespaceFinalizers } from './finalizers.ts';
import { fieldAt, type KubeObject } from './object.ts';
import type { ResourceName } from './resources.ts';

const DEFAULT_GRACE_SECONDS = 30;

/** RFC 3339 to the second, as metav1.Time is written. */
export function toTimestamp(ms: number): string {
  return `${new Date(ms).toISOString().slice(0, 19)}Z`;
}

export interface Deletion {
  readonly object: KubeObject;
  readonly gone: boolean;
}

/** When an object is to be gone, and the grace period that leads there. */
interface Term {
  /** Milliseconds since the epoch. */
  readonly at: number;
  readonly seconds: number;
}

/**
 * The seconds that a pod stays after it was asked to go: only one that a kubelet has to
 * stop first does (k8s.io/kubernetes pkg/registry/core/pod/strategy.go, CheckGracefulDelete).
 */
function graceSeconds(pod: KubeObject, asked?: number): number {
  const phase = fieldAt(pod, 'status.phase');
  const unbound = (fieldAt(pod, 'spec.nodeName') ?? '') === '';
  if (unbound || phase === 'Succeeded' || phase === 'Failed') return 0;
  const own = fieldAt(pod, 'spec.terminationGracePeriodSeconds');
  return asked ?? (typeof own === 'number' ? own : DEFAULT_GRACE_SECONDS);
}

/**
 * The term of a pod that is deleted now: `over` if its term has run out already, `pending` if the term
 * that runs is not longer. A second deletion can shorten the grace period and never lengthens it
 * (k8s.io/apiserver pkg/registry/rest/delete.go, BeforeDelete).
 */
function termOf(pod: KubeObject, now: number, given?: number): Term | 'over' | 'pending' {
  const asked = given !== undefined && given < 0 ? 1 : given;
  const { deletionTimestamp, deletionGracePeriodSeconds: present = 0 } = pod.metadata;
  if (deletionTimestamp === undefined) {
    const seconds = graceSeconds(pod, asked);
    return { at: now + seconds * 1000, seconds };
  }
  if (present === 0) return 'over';
  if (asked === undefined || asked >= present) return 'pending';
  const at = Date.parse(deletionTimestamp) + (asked - present) * 1000;
  return at < now ? { at: now, seconds: Math.min(asked, 1) } : { at, seconds: asked };
}

/** What is held by finalizers alone: since when, and no grace period. */
function heldSince(resource: ResourceName, { metadata }: KubeObject, now: number): object {
  const { deletionTimestamp } = metadata;
  const past = deletionTimestamp !== undefined && Date.parse(deletionTimestamp) <= now;
  return {
    deletionTimestamp: past ? deletionTimestamp : toTimestamp(now),
    ...(resource === 'namespaces' ? {} : { deletionGracePeriodSeconds: 0 }),
  };
}

/**
 * Deletes `object`, or marks it as terminating if something holds it: a kubelet that has to stop a pod
 * first, or finalizers, those of a Namespace's spec included. A pod that goes at once is marked before,
 * for all who watch (k8s.io/apiserver pkg/registry/generic/registry/store.go, Delete).
 */
export function deleteObject(
  writer: Writer,
  clock: Clock,
  resource: ResourceName,
  object: KubeObject,
  askedSeconds?: number,
): Deletion {
  const now = clock.now();
  const term = resource === 'pods' ? termOf(object, now, askedSeconds) : 'over';
  if (term === 'pending') return { object, gone: false };
  const held = finalizersOf(object).length > 0 || namespaceFinalizers(object).length > 0;
  if (term === 'over' && !held) return { object: writer.remove(resource, object), gone: true };
  const mark =
    term === 'over'
      ? heldSince(resource, object, now)
      : { deletionTimestamp: toTimestamp(term.at), deletionGracePeriodSeconds: term.seconds };
  const next = { ...object, metadata: { ...object.metadata, ...mark } };
  const status = resource === 'namespaces' ? { status: { phase: 'Terminating' } } : {};
  const known = isDeepStrictEqual(next.metadata, object.metadata);
  const stored = known ? object : writer.put(resource, { ...next, ...status });
  if (held || (term !== 'over' && term.seconds > 0)) return { object: stored, gone: false };
  return { object: writer.remove(resource, stored), gone: true };
}
