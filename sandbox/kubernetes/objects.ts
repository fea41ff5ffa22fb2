import { isDeepStrictEqual } from 'node:util';
import type { Clock, Random } from '../../shared/clock.ts';
import { deleteGracefully, toTimestamp } from './deletion.ts';
import { asJson, type Draft, type KubeObject, parseDraft } from './object.ts';
import { applyPatch, type PatchType } from './patches.ts';
import { apiVersionOf, type Resource, type ResourceName, resourceNamed } from './resources.ts';
import { alreadyExists, badRequest, conflict, invalid, notFound } from './status.ts';
import type { Store, Unversioned } from './store.ts';
import { checkBody, checkCreate } from './validation.ts';

/** What names one object. Without `namespace`: what has none, or the one called `default`. */
export interface Ref {
  readonly name: string;
  readonly namespace?: string | undefined;
}

export interface WriteOptions {
  /** Writes the status and nothing else; without it, everything but the status. */
  readonly subresource?: 'status' | undefined;
}

export interface DeleteOptions {
  readonly gracePeriodSeconds?: number | undefined;
  readonly preconditions?:
    | { readonly uid?: string | undefined; readonly resourceVersion?: string | undefined }
    | undefined;
}

/**
 * What the API server lets be done with objects. The handler answers requests with
 * it, and tests and the stand-ins for kubelet and Multus use it directly. Every
 * function throws StatusError where the API server would refuse.
 */
export interface Objects {
  get(resource: ResourceName, ref: Ref): KubeObject;
  find(resource: ResourceName, ref: Ref): KubeObject | undefined;
  list(resource: ResourceName, namespace?: string): KubeObject[];
  create(resource: ResourceName, object: object): KubeObject;
  update(resource: ResourceName, object: object, options?: WriteOptions): KubeObject;
  patch(
    resource: ResourceName,
    ref: Ref,
    patch: unknown,
    options?: WriteOptions & { readonly type?: PatchType },
  ): KubeObject;
  delete(
    resource: ResourceName,
    ref: Ref,
    options?: DeleteOptions,
  ): { readonly object: KubeObject; readonly gone: boolean };
}

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

function namespaceOf(
  resource: Resource,
  ref: { readonly namespace?: string | undefined },
): string | undefined {
  return resource.namespaced ? (ref.namespace ?? 'default') : undefined;
}

/** What a status update or a main update may change of what is stored. */
function mergeForWrite(
  resource: Resource,
  stored: KubeObject,
  sent: Draft,
  subresource: 'status' | undefined,
): Draft {
  if (subresource === undefined) return resource.status ? { ...sent, status: stored.status } : sent;
  // Multus writes its annotation through pods/status: labels and annotations pass.
  const { labels, annotations } = sent.metadata;
  return { ...stored, metadata: { ...stored.metadata, labels, annotations }, status: sent.status };
}

function checkPreconditions(
  resource: Resource,
  stored: KubeObject,
  expected: { uid?: string | undefined; resourceVersion?: string | undefined },
): void {
  const { name, uid, resourceVersion } = stored.metadata;
  if (expected.uid !== undefined && expected.uid !== uid) {
    const why = `Precondition failed: UID in precondition: ${expected.uid}, UID in object meta: ${uid}`;
    throw conflict(resource, name, why);
  }
  if (expected.resourceVersion !== undefined && expected.resourceVersion !== resourceVersion) {
    const why =
      'the object has been modified; please apply your changes to the latest version and try again';
    throw conflict(resource, name, why);
  }
}

/** A Node keeps the status that it is created with; a pod and a namespace begin with their own. */
function initialStatus(resource: Resource, sent: Draft): Draft['status'] {
  if (resource.name === 'pods') return { phase: 'Pending' };
  if (resource.name === 'namespaces') return { phase: 'Active' };
  return sent.status;
}

/** The new object with its name, namespace, uid, time of creation and first status. */
function completeForCreate(
  resource: Resource,
  draft: Draft,
  { clock, random }: { readonly clock: Clock; readonly random: Random },
): Unversioned {
  const { generateName, resourceVersion } = draft.metadata;
  const generated =
    generateName === undefined ? '' : generateName + randomText(random, SUFFIX_LETTERS, 5);
  const name = draft.metadata.name ?? generated;
  if (name === '') {
    throw invalid(resource, '', 'metadata.name: Required value: name or generateName is required');
  }
  if (resourceVersion !== undefined) {
    throw badRequest('resourceVersion should not be set on objects to be created');
  }
  return {
    ...draft,
    apiVersion: apiVersionOf(resource),
    kind: resource.kind,
    metadata: {
      ...draft.metadata,
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

/** The rules of creation, update, patch and deletion over `store`. */
export function createObjects(options: {
  readonly store: Store;
  readonly clock: Clock;
  readonly random: Random;
}): Objects {
  const { store, clock } = options;

  const find: Objects['find'] = (name, ref) =>
    store.get(name, namespaceOf(resourceNamed(name), ref), ref.name);

  const get: Objects['get'] = (name, ref) => {
    const found = find(name, ref);
    if (found === undefined) throw notFound(resourceNamed(name), ref.name);
    return found;
  };

  /** Stores what an update or a patch came to; a write that changes nothing is none. */
  const write = (
    resource: Resource,
    stored: KubeObject,
    sent: Draft,
    subresource: 'status' | undefined,
  ): KubeObject => {
    checkBody(resource, sent);
    checkPreconditions(resource, stored, sent.metadata);
    const merged = mergeForWrite(resource, stored, sent, subresource);
    const { deletionTimestamp, deletionGracePeriodSeconds } = stored.metadata;
    const next: Unversioned = {
      ...merged,
      apiVersion: stored.apiVersion,
      kind: stored.kind,
      metadata: {
        ...merged.metadata,
        name: stored.metadata.name,
        namespace: stored.metadata.namespace,
        uid: stored.metadata.uid,
        creationTimestamp: stored.metadata.creationTimestamp,
        deletionTimestamp,
        deletionGracePeriodSeconds,
        resourceVersion: stored.metadata.resourceVersion,
      },
    };
    return isDeepStrictEqual(asJson(next), stored) ? stored : store.put(resource.name, next);
  };

  return {
    get,
    find,
    list: (name, namespace) =>
      store
        .list(name)
        .filter((object) => namespace === undefined || object.metadata.namespace === namespace),
    create(name, object) {
      const resource = resourceNamed(name);
      const draft = parseDraft(object);
      const complete = completeForCreate(resource, draft, options);
      checkBody(resource, draft);
      checkCreate(store, resource, complete.metadata.name, complete);
      if (find(name, complete.metadata) !== undefined) {
        throw alreadyExists(resource, complete.metadata.name);
      }
      return store.put(name, complete);
    },
    update(name, object, { subresource } = {}) {
      const resource = resourceNamed(name);
      const sent = parseDraft(object);
      const stored = get(name, { ...sent.metadata, name: sent.metadata.name ?? '' });
      if (!resource.unconditionalUpdate && sent.metadata.resourceVersion === undefined) {
        const why = 'metadata.resourceVersion: Invalid value: 0: must be specified for an update';
        throw invalid(resource, stored.metadata.name, why);
      }
      return write(resource, stored, sent, subresource);
    },
    patch(name, ref, patch, { subresource, type = 'application/merge-patch+json' } = {}) {
      const stored = get(name, ref);
      const sent = parseDraft(applyPatch(type, stored, patch));
      return write(resourceNamed(name), stored, sent, subresource);
    },
    delete(name, ref, { gracePeriodSeconds, preconditions } = {}) {
      const stored = get(name, ref);
      checkPreconditions(resourceNamed(name), stored, preconditions ?? {});
      return deleteGracefully(store, clock, name, stored, gracePeriodSeconds);
    },
  };
}
