import * as z from 'zod';
import type { Clock } from '../../shared/time/clock.ts';
import { ACCESS_REVIEWS, reviewAccess } from './access-review.ts';
import {
  type Authenticate,
  type Authorize,
  authenticateRequest,
  authorizeRequest,
  type User,
} from './authentication.ts';
import { discover } from './discovery.ts';
import { type Call, ConnectionLost, type FaultSwitches } from './faults.ts';
import type { Kinds } from './kinds.ts';
import { json, serveObjects } from './object-requests.ts';
import type { Objects } from './objects.ts';
import { openApi } from './openapi.ts';
import type { PodLogs } from './pod-logs.ts';
import { readObjectRequest } from './requests.ts';
import { allResources } from './resources.ts';
import { parseRoute, type Route } from './routes.ts';
import { failure, noSuchResource, notAllowed, type Status, StatusError } from './status.ts';
import type { Store } from './store.ts';
import type { Watches } from './watch.ts';

export interface HandlerParts {
  readonly store: Store;
  readonly objects: Objects;
  readonly watches: Watches;
  readonly faults: FaultSwitches;
  readonly logs: PodLogs;
  readonly clock: Clock;
  readonly authenticate: Authenticate;
  readonly authorize: Authorize;
  readonly kinds: Kinds;
  /** Called for every request about objects that is authenticated. */
  readonly log: (call: Call) => void;
}

type ResourceRoute = Extract<Route, { kind: 'resource' }>;

const pageNotFound = (): Response =>
  new Response('404 page not found\n', {
    status: 404,
    headers: { 'content-type': 'text/plain; charset=utf-8' },
  });

/** What nobody needs to log in for (ClusterRole system:public-info-viewer). */
const HEALTH = ['/healthz', '/livez', '/readyz'];

const VERBS: Readonly<Record<string, readonly [collection: Call['verb'], item: Call['verb']]>> = {
  GET: ['list', 'get'],
  POST: ['create', 'create'],
  PUT: ['update', 'update'],
  PATCH: ['patch', 'patch'],
  DELETE: ['deletecollection', 'delete'],
};

/** A name goes with some methods and not with others, and so does a namespace. */
function isAllowed(method: string, { resource, namespace, name }: ResourceRoute): boolean {
  if (name !== undefined) return method !== 'POST';
  if (resource.namespaced && namespace === undefined) return method === 'GET';
  if (method === 'DELETE') return resource.name !== 'namespaces';
  return method === 'GET' || method === 'POST';
}

function callOf(
  request: Request,
  query: URLSearchParams,
  route: ResourceRoute,
  user: User,
  at: number,
): Call {
  const verbs = VERBS[request.method];
  if (verbs === undefined || !isAllowed(request.method, route)) throw notAllowed();
  const watching = query.get('watch') === 'true' || query.get('watch') === '1';
  const verb = verbs[route.name === undefined ? 0 : 1];
  const { resource, namespace, name, subresource } = route;
  return {
    verb: watching && request.method === 'GET' ? 'watch' : verb,
    resource: subresource === undefined ? resource.name : `${resource.name}/${subresource}`,
    namespace,
    name,
    user: user.username,
    at,
  };
}

async function serve(parts: HandlerParts, request: Request): Promise<Response> {
  const url = new URL(request.url);
  if (HEALTH.includes(url.pathname)) return new Response('ok');
  const user = await authenticateRequest(parts.authenticate, request.headers.get('authorization'));
  if (url.pathname === ACCESS_REVIEWS && request.method === 'POST') {
    return serveReview(parts, request, user);
  }
  const route = parseRoute(url.pathname);
  if (route.kind === 'discovery') {
    const path = url.pathname.replace(/\/$/, '');
    const document = discover(path, parts.kinds) ?? openApi(path, parts.kinds);
    return document === undefined ? pageNotFound() : json(document);
  }
  if (route.kind === 'unknown') {
    // What serves custom resources knows only pages.
    const isBuiltIn = allResources().some(({ group, custom }) => group === route.group && !custom);
    if (isBuiltIn) throw noSuchResource();
    return pageNotFound();
  }
  if (route.kind === 'log') return serveLog(parts, request, url, route, user);
  const call = callOf(request, url.searchParams, route, user, parts.clock.now());
  parts.log(call);
  const authorize: Authorize = (...asked) =>
    !parts.faults.forbids(call) && parts.authorize(...asked);
  authorizeRequest(authorize, user, { ...call, group: route.resource.group });
  await parts.faults.before(call, request.signal);
  // What is not allowed is refused first, whether there is such a kind or not.
  if (!parts.kinds.has(route.resource)) return pageNotFound();
  const asked = await readObjectRequest(call.verb, request, url.searchParams);
  return serveObjects(parts, call.verb, route, asked);
}

async function serveReview(parts: HandlerParts, request: Request, user: User): Promise<Response> {
  const [verb, resource] = ['create', 'subjectaccessreviews'] as const;
  const call = { verb, resource, user: user.username, at: parts.clock.now() };
  parts.log(call);
  authorizeRequest(parts.authorize, user, { verb, group: 'authorization.k8s.io', resource });
  await parts.faults.before(call, request.signal);
  return json(reviewAccess(parts.authorize, await request.json()), 201);
}

async function serveLog(
  parts: HandlerParts,
  request: Request,
  url: URL,
  { namespace, name }: Extract<Route, { kind: 'log' }>,
  user: User,
): Promise<Response> {
  if (request.method !== 'GET') throw notAllowed();
  const at = parts.clock.now();
  const call = {
    verb: 'get',
    resource: 'pods/log',
    namespace,
    name,
    user: user.username,
    at,
  } as const;
  parts.log(call);
  authorizeRequest(parts.authorize, user, { ...call, group: '' });
  await parts.faults.before(call, request.signal);
  return parts.logs.read({ namespace, name }, url.searchParams.get('follow') === 'true');
}

function answerOf(error: unknown): Status {
  if (error instanceof StatusError) return error.status;
  if (error instanceof z.ZodError) {
    return new StatusError(400, 'BadRequest', z.prettifyError(error)).status;
  }
  return failure(500, String(error)).status;
}

/**
 * Answers one request as the API server would; shaped like `fetch`, so that it can
 * stand in for one without a socket.
 *
 * @throws ConnectionLost if a fault cuts the connection, or the request's abort reason.
 */
export async function handle(parts: HandlerParts, request: Request): Promise<Response> {
  try {
    return await serve(parts, request);
  } catch (error) {
    if (error instanceof ConnectionLost) throw error;
    request.signal.throwIfAborted();
    const status = answerOf(error);
    return json(status, status.code);
  }
}
