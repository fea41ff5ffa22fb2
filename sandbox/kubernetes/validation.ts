import { checkFinalizerNames } from './finalizers.ts';
import { type Draft, fieldAt } from './object.ts';
import { apiVersionOf, type Resource, resourceNamed } from './resources.ts';
import { badRequest, forbidden, invalid, notFound, type StatusError } from './status.ts';
import type { Store } from './store.ts';

const SUBDOMAIN = /^[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*$/;

/** RFC 3339 with exactly six decimals: how Go's metav1.MicroTime reads a time. */
const MICRO_TIME = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}(Z|[+-]\d\d:\d\d)$/;

const MICRO_TIMES: Readonly<Partial<Record<Resource['name'], readonly string[]>>> = {
  leases: ['spec.acquireTime', 'spec.renewTime'],
  events: ['eventTime'],
};

/**
 * Checks that a body is what its URL says, and that its times can be read.
 *
 * @throws StatusError 400
 */
export function checkBody(resource: Resource, draft: Draft): void {
  const version = apiVersionOf(resource);
  if (
    (draft.kind ?? resource.kind) !== resource.kind ||
    (draft.apiVersion ?? version) !== version
  ) {
    throw badRequest(
      `${draft.apiVersion}, Kind=${draft.kind} was sent where ${version}, Kind=${resource.kind} belongs`,
    );
  }
  for (const path of MICRO_TIMES[resource.name] ?? []) {
    const time = fieldAt(draft, path);
    if (time !== undefined && !(typeof time === 'string' && MICRO_TIME.test(time))) {
      throw badRequest(
        `${resource.kind} in version "v1" cannot be handled as a ${resource.kind}: ${path}: cannot parse ${JSON.stringify(time)} as "2006-01-02T15:04:05.000000Z07:00"`,
      );
    }
  }
}

function checkEvent(resource: Resource, name: string, draft: Draft): void {
  const regarding = fieldAt(draft, 'involvedObject.namespace') ?? 'default';
  if (regarding !== draft.metadata.namespace) {
    throw invalid(resource, name, {
      field: 'involvedObject.namespace',
      reason: 'FieldValueInvalid',
      message: `Invalid value: ${JSON.stringify(regarding)}: does not match event.namespace`,
    });
  }
}

function checkContainers(resource: Resource, name: string, draft: Draft): void {
  const containers = fieldAt(draft, 'spec.containers');
  if (Array.isArray(containers) && containers.length > 0) return;
  throw invalid(resource, name, {
    field: 'spec.containers',
    reason: 'FieldValueRequired',
    message: 'Required value',
  });
}

function namespaceProblem(
  store: Store,
  resource: Resource,
  namespace: string,
  name: string,
): StatusError | undefined {
  const namespaces = resourceNamed('namespaces');
  const found = store.get('namespaces', undefined, namespace);
  if (found === undefined) return notFound(namespaces, namespace);
  if (found.metadata.deletionTimestamp === undefined) return undefined;
  return forbidden(
    `${resource.name} ${JSON.stringify(name)} is forbidden: unable to create new content in namespace ${namespace} because it is being terminated`,
    { causes: [{ reason: 'NamespaceTerminating', field: 'metadata.namespace' }] },
  );
}

/**
 * Checks what is about to be created under `name`.
 *
 * @throws StatusError 403 in a terminating namespace, 404 in a missing one, 422 for bad content.
 */
export function checkCreate(store: Store, resource: Resource, name: string, draft: Draft): void {
  if (!SUBDOMAIN.test(name) || name.length > 253) {
    throw invalid(resource, name, {
      field: 'metadata.name',
      reason: 'FieldValueInvalid',
      message: `Invalid value: ${JSON.stringify(name)}: a lowercase RFC 1123 subdomain must consist of lower case alphanumeric characters, '-' or '.'`,
    });
  }
  if (resource.namespaced) {
    const problem = namespaceProblem(store, resource, draft.metadata.namespace ?? '', name);
    if (problem !== undefined) throw problem;
  }
  checkFinalizerNames(resource, name, draft);
  if (resource.name === 'pods') checkContainers(resource, name, draft);
  if (resource.name === 'events') checkEvent(resource, name, draft);
}
