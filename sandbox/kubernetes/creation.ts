import type { Clock, Random } from '../../shared/time/clock.ts';
import { toTimestamp } from './deletion.ts';
import type { Draft } from './object.ts';
import { apiVersionOf, type Resource } from './resources.ts';
import { badRequest, invalid } from './status.ts';
import type { Unversioned } from './store.ts';

/** No vowels, and nothing that reads like another character, as in generated names. */
const SUFFIX_LETTERS = 'bcdfghjklmnpqrstvwxz2456789';

function randomText(random: Random, letters: string, length: number): string {
  return Array.from(
    { length },
    () => letters[Math.floor(random() * letters.length)] ?? letters[0],
  ).join('');
}

function randomUid(random: Random): string {
  const hex = (length: number): string => randomText(random, '0123456789abcdef', length);
  return `${hex(8)}-${hex(4)}-4${hex(3)}-a${hex(3)}-${hex(12)}`;
}

export function namespaceOf(
  resource: Resource,
  ref: { readonly namespace?: string | undefined },
): string | undefined {
  return resource.namespaced ? (ref.namespace ?? 'default') : undefined;
}

/** A Node keeps the status that it is created with; a pod and a namespace begin with their own. */
function initialStatus(resource: Resource, sent: Draft): Draft['status'] {
  if (resource.name === 'pods') return { phase: 'Pending' };
  if (resource.name === 'namespaces') return { phase: 'Active' };
  return sent.status;
}

/** Every Namespace can be selected by its name. */
function namespaceLabels(name: string, { metadata }: Draft): Record<string, string> {
  return { ...metadata.labels, 'kubernetes.io/metadata.name': name };
}

/** The new object with its name, namespace, uid, time of creation and first status. */
export function completeForCreate(
  resource: Resource,
  draft: Draft,
  { clock, random }: { readonly clock: Clock; readonly random: Random },
): Unversioned {
  const { generateName, resourceVersion } = draft.metadata;
  const generated =
    generateName === undefined ? '' : generateName + randomText(random, SUFFIX_LETTERS, 5);
  const name = draft.metadata.name ?? generated;
  if (name === '') {
    throw invalid(resource, '', {
      field: 'metadata.name',
      reason: 'FieldValueRequired',
      message: 'Required value: name or generateName is required',
    });
  }
  if (resourceVersion !== undefined) {
    throw badRequest('resourceVersion should not be set on objects to be created');
  }
  return {
    ...draft,
    ...(resource.name === 'namespaces' ? { spec: { finalizers: ['kubernetes'] } } : {}),
    apiVersion: apiVersionOf(resource),
    kind: resource.kind,
    metadata: {
      ...draft.metadata,
      ...(resource.name === 'namespaces' ? { labels: namespaceLabels(name, draft) } : {}),
      name,
      namespace: namespaceOf(resource, draft.metadata),
      uid: randomUid(random),
      creationTimestamp: toTimestamp(clock.now()),
      deletionTimestamp: undefined,
      deletionGracePeriodSeconds: undefined,
    },
    status: initialStatus(resource, draft),
  };
}
