import * as z from 'zod';
import type { Clock } from '../../shared/time/clock.ts';
import type { Call, FaultSwitches } from './faults.ts';
import { readIncludeObject, type Shape, shapeOf } from './forms/forms.ts';
import { listPage, type Selection } from './listing.ts';
import { fieldAt, type KubeObject } from './object.ts';
import type { Objects, Ref } from './objects.ts';
import { APPLY, type ObjectRequest, patchType } from './requests.ts';
import type { Route } from './routes.ts';
import { applied } from './server-side-apply.ts';
import { badRequest, groupDetail } from './status.ts';
import type { Store } from './store.ts';
import type { Watches } from './watch.ts';

type ResourceRoute = Extract<Route, { kind: 'resource' }>;

interface Parts {
  readonly store: Store;
  readonly objects: Objects;
  readonly watches: Watches;
  readonly faults: FaultSwitches;
  readonly clock: Clock;
}

const bodySchema = z.looseObject({});

/** A response with a JSON body. */
export const json = (value: object, code = 200): Response =>
  new Response(JSON.stringify(value), {
    status: code,
    headers: { 'content-type': 'application/json' },
  });

/** Objects as they are. */
const AS_THEY_ARE: Shape = {
  one: (object) => object,
  list: (list) => list,
  watched: () => (object) => object,
};

/**
 * The body, named as the URL names it. The kind of a custom resource is not known by the URL
 * alone.
 */
function named(route: ResourceRoute, body: unknown): object {
  const object = bodySchema.parse(body);
  if (route.resource.custom && object.kind === undefined) {
    throw badRequest(
      `the object provided is unrecognized (must be of type ${route.resource.kind}): Object 'Kind' is missing`,
    );
  }
  const metadata = bodySchema.parse(object.metadata ?? {});
  const { namespace, name } = route;
  for (const [field, value] of Object.entries({ namespace, name })) {
    if (value !== undefined && (metadata[field] ?? value) !== value) {
      throw badRequest(
        `the ${field} of the provided object does not match the ${field} sent on the request`,
      );
    }
  }
  return {
    ...object,
    metadata: {
      ...metadata,
      ...(namespace === undefined ? {} : { namespace }),
      ...(name === undefined ? {} : { name }),
    },
  };
}

/** What was made, without the version that it does not have after a dry run. */
function made(object: KubeObject): object {
  const { resourceVersion, ...metadata } = object.metadata;
  return resourceVersion === '' ? { ...object, metadata } : object;
}

/** Creates an object that is not there. Otherwise it writes the result of the apply. */
function apply(
  { objects }: Parts,
  route: ResourceRoute,
  { body, dryRun, query: { fieldManager: manager, force } }: ObjectRequest,
  shape: Shape,
): Response {
  const { resource, namespace, name = '', subresource } = route;
  const stored = objects.find(resource.name, { name, namespace });
  const next = applied(stored, named(route, body), { manager, force });
  if (stored !== undefined) {
    return json(shape.one(objects.update(resource.name, next, { subresource, dryRun })));
  }
  if (fieldAt(body, 'metadata.name') === undefined) {
    const why = 'was undeterminable: name must be provided';
    throw badRequest(`the name of the object (${name} based on URL) ${why}`);
  }
  const object = objects.create(resource.name, next, { dryRun });
  return json(dryRun ? made(object) : shape.one(object), 201);
}

function deleteOne(
  { objects }: Parts,
  { resource }: ResourceRoute,
  ref: Ref,
  asked: ObjectRequest,
  shape: Shape,
): Response {
  const { object, gone } = objects.delete(resource.name, ref, asked.deletion);
  if (resource.name === 'pods' || !gone) return json(shape.one(object));
  const { name, uid } = object.metadata;
  const details = { name, ...groupDetail(resource), kind: resource.name, uid };
  return json({ kind: 'Status', apiVersion: 'v1', metadata: {}, status: 'Success', details });
}

function deleteCollection(
  { store, objects }: Parts,
  selection: Selection,
  asked: ObjectRequest,
  shape: Shape,
): Response {
  const list = listPage(store, selection, {});
  for (const { metadata } of list.items) {
    objects.delete(selection.resource.name, metadata, asked.deletion);
  }
  return json(shape.list(list));
}

function shapeFor({ clock }: Parts, { resource }: ResourceRoute, asked: ObjectRequest): Shape {
  const { form, query } = asked;
  if (form === undefined) return AS_THEY_ARE;
  const includeObject = readIncludeObject(query.includeObject);
  return shapeOf({ form, resource, includeObject, now: () => clock.now() });
}

/**
 * Does what an authorized request about objects asks for.
 *
 * @throws StatusError, or z.ZodError for a body that is no Kubernetes object.
 */
export function serveObjects(
  parts: Parts,
  verb: Call['verb'],
  route: ResourceRoute,
  asked: ObjectRequest,
): Response {
  const { objects, store, watches, faults } = parts;
  const { resource, namespace, name = '', subresource } = route;
  const { dryRun } = asked;
  const ref = { name, namespace };
  const { labelSelector, fieldSelector } = asked.query;
  const selection = { resource, namespace, name: route.name, labelSelector, fieldSelector };
  const shape = shapeFor(parts, route, asked);
  switch (verb) {
    case 'get':
      return json(shape.one(objects.get(resource.name, ref)));
    case 'list':
      return json(shape.list(listPage(store, selection, asked.query, faults.staleness())));
    case 'watch':
      return new Response(watches.open(selection, asked.query, shape.watched()), {
        headers: { 'content-type': 'application/json' },
      });
    case 'create': {
      const object = objects.create(resource.name, named(route, asked.body), { dryRun });
      return json(dryRun ? made(object) : shape.one(object), 201);
    }
    case 'update': {
      const object = named(route, asked.body);
      return json(shape.one(objects.update(resource.name, object, { subresource, dryRun })));
    }
    case 'patch': {
      if (asked.contentType === APPLY) return apply(parts, route, asked, shape);
      const options = { subresource, dryRun, type: patchType(asked.contentType, resource.custom) };
      return json(shape.one(objects.patch(resource.name, ref, asked.body, options)));
    }
    case 'delete':
      return deleteOne(parts, route, ref, asked, shape);
    case 'deletecollection':
      return deleteCollection(parts, selection, asked, shape);
  }
}
