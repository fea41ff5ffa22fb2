import * as z from 'zod';
import { checkLedger } from './eni-ledger.ts';
import { checkFinalizerNames } from './finalizers.ts';
import { isDnsLabel, isLabelValue, isQualifiedName, isSubdomain } from './names.ts';
import { type Draft, fieldAt } from './object.ts';
import { apiVersionOf, type Resource, resourceNamed } from './resources.ts';
import {
  badRequest,
  type FieldProblem,
  forbidden,
  invalid,
  notFound,
  type StatusError,
} from './status.ts';
import type { Store } from './store.ts';

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

/** Checks what a create or an update says in its metadata. @throws StatusError 422 */
export function checkMetadata(resource: Resource, name: string, draft: Draft): void {
  const { labels = {}, annotations = {} } = draft.metadata;
  const wrong = (field: string, text: string): StatusError =>
    invalid(resource, name, {
      field: `metadata.${field}`,
      reason: 'FieldValueInvalid',
      message: `Invalid value: ${JSON.stringify(text)}: it must consist of alphanumeric characters, '-', '_' or '.', and must start and end with an alphanumeric character`,
    });
  for (const [key, value] of Object.entries(labels)) {
    if (!isQualifiedName(key)) throw wrong('labels', key);
    if (!isLabelValue(value)) throw wrong('labels', value);
  }
  for (const key of Object.keys(annotations)) {
    if (!isQualifiedName(key.toLowerCase())) throw wrong('annotations', key);
  }
  checkFinalizerNames(resource, name, draft);
}

const containersSchema = z.array(
  z.looseObject({ name: z.string().default(''), image: z.string().default('') }),
);

/** @throws StatusError 422, z.ZodError if the containers are no such list. */
function checkContainers(resource: Resource, name: string, draft: Draft): void {
  const problem = (at: string, reason: FieldProblem['reason'], message: string): StatusError =>
    invalid(resource, name, { field: `spec.containers${at}`, reason, message });
  const containers = containersSchema.parse(fieldAt(draft, 'spec.containers') ?? []);
  if (containers.length === 0) throw problem('', 'FieldValueRequired', 'Required value');
  for (const [index, container] of containers.entries()) {
    for (const field of ['name', 'image'] as const) {
      if (container[field] !== '') continue;
      throw problem(`[${index}].${field}`, 'FieldValueRequired', 'Required value');
    }
    const text = JSON.stringify(container.name);
    const twice = containers.findIndex((each) => each.name === container.name) < index;
    if (isDnsLabel(container.name) && !twice) continue;
    const why = twice
      ? `Duplicate value: ${text}`
      : `Invalid value: ${text}: a lowercase RFC 1123 label must consist of lower case alphanumeric characters or '-'`;
    throw problem(`[${index}].name`, 'FieldValueInvalid', why);
  }
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
  if (!isSubdomain(name)) {
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
  checkMetadata(resource, name, draft);
  if (resource.name === 'pods') checkContainers(resource, name, draft);
  if (resource.name === 'events') checkEvent(resource, name, draft);
  if (resource.name === 'eniledgers') checkLedger(name, draft);
}
