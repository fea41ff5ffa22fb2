import { isDeepStrictEqual } from 'node:util';
import type { Clock, Random } from '../../shared/time/clock.ts';
import { completeForCreate, namespaceOf } from './creation.ts';
import { type Deletion, deleteObject } from './deletion.ts';
import { type Writer, writesNothing } from './dry-run.ts';
import { checkLedger, prunedLedger } from './eni-ledger.ts';
import { checkNoNewFinalizers, deletesByUpdate } from './finalizers.ts';
import { checkNodeUpdate } from './node-update.ts';
import { asJson, type Draft, type KubeObject, parseDraft } from './object.ts';
import { applyPatch, type PatchType } from './patches.ts';
import { checkPodUpdate } from './pod-update.ts';
import { type Resource, type ResourceName, resourceNamed } from './resources.ts';
import {
  alreadyExists,
  badRequest,
  conflict,
  invalid,
  notAsExpected,
  notFound,
  versionMissing,
} from './status.ts';
import type { Store, Unversioned } from './store.ts';
import { checkBody, checkCreate, checkMetadata } from './validation.ts';

/** What names one object. Without `namespace`: what has none, or the one called `default`. */
export interface Ref {
  readonly name: string;
  readonly namespace?: string | undefined;
}

interface Dry {
  /** Everything is checked and answered, and nothing is done. */
  readonly dryRun?: boolean | undefined;
}

export interface WriteOptions extends Dry {
  /** Writes the status and nothing else; without it, everything but the status. */
  readonly subresource?: 'status' | undefined;
}

export interface DeleteOptions extends Dry {
  readonly gracePeriodSeconds?: number | undefined;
  readonly preconditions?:
    | { readonly uid?: string | undefined; readonly resourceVersion?: string | undefined }
    | undefined;
}

/**
 * What the API server lets be done with objects. The handler answers requests with it, and tests and
 * the stand-ins for kubelet and Multus use it directly. Every function throws StatusError if the API
 * server would refuse.
 */
export interface Objects {
  get(resource: ResourceName, ref: Ref): KubeObject;
  find(resource: ResourceName, ref: Ref): KubeObject | undefined;
  list(resource: ResourceName, namespace?: string): KubeObject[];
  create(resource: ResourceName, object: object, options?: Dry): KubeObject;
  update(resource: ResourceName, object: object, options?: WriteOptions): KubeObject;
  patch(
    resource: ResourceName,
    ref: Ref,
    patch: unknown,
    options?: WriteOptions & { readonly type?: PatchType },
  ): KubeObject;
  delete(resource: ResourceName, ref: Ref, options?: DeleteOptions): Deletion;
}

/** What a client sent, without what the server drops. */
function draftOf(resource: Resource, object: unknown): Draft {
  const draft = parseDraft(object);
  return resource.name === 'eniledgers' ? prunedLedger(draft) : draft;
}

/** What a status update or a main update may change of what is stored. */
function mergeForWrite(
  resource: Resource,
  stored: KubeObject,
  sent: Draft,
  subresource: 'status' | undefined,
): Draft {
  if (subresource === undefined) {
    const { spec, status } = stored;
    if (resource.name === 'namespaces') return { ...sent, spec, status };
    return resource.status ? { ...sent, status } : sent;
  }
  // Multus writes its annotation through pods/status: the metadata pass, all but the owners.
  const { ownerReferences } = stored.metadata;
  return { ...stored, metadata: { ...sent.metadata, ownerReferences }, status: sent.status };
}

/** What is stored after a write: `sent` if the write may change it, and its owner as it was. */
function written(
  resource: Resource,
  stored: KubeObject,
  sent: Draft,
  subresource: 'status' | undefined,
): Unversioned {
  const merged = mergeForWrite(resource, stored, sent, subresource);
  const { name, namespace, uid, resourceVersion, ...times } = stored.metadata;
  const { creationTimestamp, deletionTimestamp, deletionGracePeriodSeconds } = times;
  return {
    ...merged,
    apiVersion: stored.apiVersion,
    kind: stored.kind,
    metadata: {
      ...merged.metadata,
      name,
      namespace,
      uid,
      creationTimestamp,
      deletionTimestamp,
      deletionGracePeriodSeconds,
      resourceVersion,
    },
  };
}

/** Some kinds cannot be updated without saying which version one has read. @throws StatusError 422 */
function checkVersionGiven(resource: Resource, stored: KubeObject, sent: Draft): void {
  if (resource.unconditionalUpdate || sent.metadata.resourceVersion) return;
  throw versionMissing(resource, stored.metadata.name);
}

/** As `written`. @throws StatusError if the API server would refuse the write. */
function checkedWrite(
  resource: Resource,
  stored: KubeObject,
  sent: Draft,
  subresource: 'status' | undefined,
): Unversioned {
  const { name } = stored.metadata;
  checkBody(resource, sent);
  checkPreconditions(resource, stored, sent.metadata);
  const next = written(resource, stored, sent, subresource);
  checkMetadata(resource, name, next);
  checkNoNewFinalizers(resource, name, stored, next);
  if (resource.name === 'pods') checkPodUpdate(name, stored, next);
  if (resource.name === 'nodes') checkNodeUpdate(name, stored, next);
  if (resource.name === 'eniledgers') checkLedger(name, next);
  return next;
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
  if (expected.resourceVersion && expected.resourceVersion !== resourceVersion) {
    const why =
      'the object has been modified; please apply your changes to the latest version and try again';
    throw conflict(resource, name, why);
  }
}

/** k8s.io/apiserver pkg/registry/rest/delete.go, BeforeDelete. @throws StatusError 409 */
function checkDeletion(
  resource: Resource,
  { metadata: { name, uid, resourceVersion } }: KubeObject,
  { preconditions: expected = {} }: DeleteOptions,
): void {
  if (expected.uid !== undefined && expected.uid !== uid) {
    const why = `the UID in the precondition (${expected.uid}) does not match the UID in record (${uid}). The object might have been deleted and then recreated`;
    throw notAsExpected(resource, name, why);
  }
  if (expected.resourceVersion !== undefined && expected.resourceVersion !== resourceVersion) {
    const why = `the ResourceVersion in the precondition (${expected.resourceVersion}) does not match the ResourceVersion in record (${resourceVersion}). The object might have been modified`;
    throw notAsExpected(resource, name, why);
  }
}

/** Checks that a patch leaves whose it is. @throws StatusError 400 or 422 */
function checkIdentity(resource: Resource, stored: KubeObject, sent: Draft): void {
  const { name, namespace, uid } = stored.metadata;
  if (sent.metadata.name !== name) {
    throw badRequest(
      `the name of the object (${sent.metadata.name}) does not match the name on the URL (${name})`,
    );
  }
  if (sent.metadata.namespace !== namespace) {
    throw badRequest(
      'the namespace of the provided object does not match the namespace sent on the request',
    );
  }
  if (sent.metadata.uid === undefined || sent.metadata.uid === uid) return;
  throw invalid(resource, name, {
    field: 'metadata.uid',
    reason: 'FieldValueInvalid',
    message: `Invalid value: ${JSON.stringify(sent.metadata.uid)}: field is immutable`,
  });
}

/** The rules of creation, update, patch and deletion over `store`. */
export function createObjects(options: {
  readonly store: Store;
  readonly clock: Clock;
  readonly random: Random;
}): Objects {
  const { store, clock } = options;
  const nothing = writesNothing(store);
  const writerFor = ({ dryRun }: Dry): Writer => (dryRun ? nothing : store);

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
    options: WriteOptions,
  ): KubeObject => {
    const next = checkedWrite(resource, stored, sent, options.subresource);
    const writer = writerFor(options);
    if (deletesByUpdate(stored, next)) {
      const answer = nothing.put(resource.name, next);
      writer.remove(resource.name, stored);
      return answer;
    }
    return isDeepStrictEqual(asJson(next), stored) ? stored : writer.put(resource.name, next);
  };

  return {
    get,
    find,
    list: (name, namespace) =>
      store
        .list(name)
        .filter((object) => namespace === undefined || object.metadata.namespace === namespace),
    create(name, object, dry = {}) {
      const resource = resourceNamed(name);
      const draft = draftOf(resource, object);
      const complete = completeForCreate(resource, draft, options);
      checkBody(resource, draft);
      checkCreate(store, resource, complete.metadata.name, complete);
      if (find(name, complete.metadata) !== undefined) {
        throw alreadyExists(resource, complete.metadata.name);
      }
      return writerFor(dry).put(name, complete);
    },
    update(name, object, writeOptions = {}) {
      const resource = resourceNamed(name);
      const sent = draftOf(resource, object);
      const stored = get(name, { ...sent.metadata, name: sent.metadata.name ?? '' });
      checkVersionGiven(resource, stored, sent);
      return write(resource, stored, sent, writeOptions);
    },
    patch(name, ref, patch, { type = 'application/merge-patch+json', ...writeOptions } = {}) {
      const stored = get(name, ref);
      const sent = draftOf(resourceNamed(name), applyPatch(type, stored, patch));
      checkIdentity(resourceNamed(name), stored, sent);
      return write(resourceNamed(name), stored, sent, writeOptions);
    },
    delete(name, ref, options = {}) {
      const stored = get(name, ref);
      checkDeletion(resourceNamed(name), stored, options);
      return deleteObject(writerFor(options), clock, name, stored, options.gracePeriodSeconds);
    },
  };
}
