import * as z from 'zod';
import type { Call, FaultSwitches } from './faults.ts';
import { listPage, type Selection } from './listing.ts';
import type { DeleteOptions, Objects, Ref } from './objects.ts';
import type { PatchType } from './patches.ts';
import type { Route } from './routes.ts';
import { badRequest, StatusError } from './status.ts';
import type { Store } from './store.ts';
import type { Watches } from './watch.ts';

type ResourceRoute = Extract<Route, { kind: 'resource' }>;

interface Parts {
  readonly store: Store;
  readonly objects: Objects;
  readonly watches: Watches;
  readonly faults: FaultSwitches;
}

const flag = z
  .enum(['true', 'false', '1', '0'])
  .transform((text) => text === 'true' || text === '1');
const querySchema = z.object({
  labelSelector: z.string().optional(),
  fieldSelector: z.string().optional(),
  limit: z.coerce.number().int().nonnegative().optional(),
  continue: z.string().min(1).optional(),
  resourceVersion: z.string().optional(),
  resourceVersionMatch: z.string().optional(),
  allowWatchBookmarks: flag.optional(),
  sendInitialEvents: flag.optional(),
  timeoutSeconds: z.coerce.number().nonnegative().optional(),
  gracePeriodSeconds: z.coerce.number().int().nonnegative().optional(),
});

const deleteOptions = z.looseObject({
  gracePeriodSeconds: z.number().int().nonnegative().nullish(),
  preconditions: z
    .object({ uid: z.string().optional(), resourceVersion: z.string().optional() })
    .nullish(),
});

const bodySchema = z.looseObject({});

/** The parameters and the body of a request about objects. */
export interface ObjectRequest {
  readonly query: z.output<typeof querySchema>;
  readonly body: unknown;
  readonly contentType: string;
}

/** @throws StatusError 400 and 415, z.ZodError for parameters that cannot be read. */
export async function readObjectRequest(
  request: Request,
  query: URLSearchParams,
): Promise<ObjectRequest> {
  const contentType = (request.headers.get('content-type') ?? '').split(';')[0]?.trim() ?? '';
  const text = request.method === 'GET' ? '' : await request.text();
  if (text !== '' && !contentType.endsWith('json')) throw unsupported(contentType);
  const given = [...query].filter(([, value]) => value !== '');
  return {
    query: querySchema.parse(Object.fromEntries(given)),
    body: parseBody(text),
    contentType,
  };
}

function parseBody(text: string): unknown {
  if (text === '') return undefined;
  try {
    return JSON.parse(text);
  } catch (error) {
    throw badRequest(`couldn't get version/kind; json parse error: ${error}`);
  }
}

function unsupported(contentType: string): StatusError {
  const why = `the body of the request was in an unknown format - accepted media types include: application/json; got ${contentType}`;
  return new StatusError(415, 'UnsupportedMediaType', why);
}

function patchType(contentType: string, custom: boolean): PatchType {
  switch (contentType) {
    case 'application/json-patch+json':
    case 'application/merge-patch+json':
      return contentType;
    case 'application/strategic-merge-patch+json':
      if (!custom) return contentType;
  }
  throw unsupported(contentType);
}

/** A response with a JSON body. */
export const json = (value: object, code = 200): Response =>
  new Response(JSON.stringify(value), {
    status: code,
    headers: { 'content-type': 'application/json' },
  });

/** The body, named as the URL names it. */
function named(route: ResourceRoute, body: unknown): object {
  const object = bodySchema.parse(body);
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

function optionsForDelete(asked: ObjectRequest): DeleteOptions {
  const body = deleteOptions.parse(asked.body ?? {});
  return {
    gracePeriodSeconds: body.gracePeriodSeconds ?? asked.query.gracePeriodSeconds,
    preconditions: body.preconditions ?? undefined,
  };
}

function deleteOne(parts: Parts, route: ResourceRoute, ref: Ref, asked: ObjectRequest): Response {
  const { object, gone } = parts.objects.delete(route.resource.name, ref, optionsForDelete(asked));
  if (route.resource.name === 'pods' || !gone) return json(object);
  const { name, uid } = object.metadata;
  const details = { name, uid, group: route.resource.group, kind: route.resource.name };
  return json({ kind: 'Status', apiVersion: 'v1', metadata: {}, status: 'Success', details });
}

function deleteCollection(parts: Parts, selection: Selection, asked: ObjectRequest): Response {
  const list = listPage(parts.store, selection, {});
  for (const { metadata } of list.items) {
    parts.objects.delete(selection.resource.name, metadata, optionsForDelete(asked));
  }
  return json(list);
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
  const ref = { name, namespace };
  const { labelSelector, fieldSelector } = asked.query;
  const selection = { resource, namespace, name: route.name, labelSelector, fieldSelector };
  switch (verb) {
    case 'get':
      return json(objects.get(resource.name, ref));
    case 'list':
      return json(listPage(store, selection, asked.query, faults.staleness()));
    case 'watch':
      return new Response(watches.open(selection, asked.query), {
        headers: { 'content-type': 'application/json' },
      });
    case 'create':
      return json(objects.create(resource.name, named(route, asked.body)), 201);
    case 'update':
      return json(objects.update(resource.name, named(route, asked.body), { subresource }));
    case 'patch': {
      const type = patchType(asked.contentType, resource.custom);
      return json(objects.patch(resource.name, ref, asked.body, { subresource, type }));
    }
    case 'delete':
      return deleteOne(parts, route, ref, asked);
    case 'deletecollection':
      return deleteCollection(parts, selection, asked);
  }
}
