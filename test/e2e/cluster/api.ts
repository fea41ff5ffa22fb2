import { createInterface } from 'node:readline';
import { text } from 'node:stream/consumers';
import * as z from 'zod';
import type { KubeObject } from '../../../sandbox/kubernetes/object.ts';
import type { Ref } from '../../../sandbox/kubernetes/objects.ts';
import {
  apiVersionOf,
  type ResourceName,
  resourceNamed,
} from '../../../sandbox/kubernetes/resources.ts';
import { type AdminEndpoint, type ApiRequests, apiRequests } from '../../support/api-requests.ts';
import type { ClusterObjects } from '../../support/stage-cluster.ts';

const MERGE_PATCH = 'application/merge-patch+json';
export const STRATEGIC_MERGE_PATCH = 'application/strategic-merge-patch+json';

/** The API server answered with a status that is not success. */
export class Refused extends Error {
  override readonly name = 'Refused';
  readonly status: number;

  constructor(status: number, what: string, detail: string) {
    super(`${what}: ${status} ${detail}`);
    this.status = status;
  }
}

const metadata = z.looseObject({
  name: z.string(),
  namespace: z.string().optional(),
  uid: z.string(),
  resourceVersion: z.string(),
  creationTimestamp: z.string(),
  deletionTimestamp: z.string().optional(),
  labels: z.record(z.string(), z.string()).optional(),
  annotations: z.record(z.string(), z.string()).optional(),
});
const fields = z.looseObject({
  metadata,
  spec: z.record(z.string(), z.unknown()).optional(),
  status: z.record(z.string(), z.unknown()).optional(),
});
const list = z.object({
  metadata: z.object({ resourceVersion: z.string() }),
  items: z.array(fields),
});
const watchEvent = z.object({ type: z.enum(['ADDED', 'MODIFIED', 'DELETED']), object: fields });
export type WatchEvent = Omit<z.infer<typeof watchEvent>, 'object'> & { object: KubeObject };

/** An API server, by HTTP as its administrator: no process for each question, as kubectl is. */
export interface Api extends ClusterObjects {
  /** Any request. @returns the object that it is answered with. */
  call(method: string, path: string, body?: object): Promise<unknown>;
  patchWith(
    type: string,
    resource: ResourceName,
    ref: Ref,
    patch: object,
    subresource?: 'status',
  ): Promise<void>;
  /** The objects of all namespaces, and the version to watch from. */
  read(resource: ResourceName): Promise<{ objects: KubeObject[]; version: string }>;
  watch(resource: ResourceName, version: string, signal: AbortSignal): AsyncIterable<WatchEvent>;
  /** Deletes all objects of a namespace, or all that are in none. */
  deleteAll(resource: ResourceName, namespace?: string): Promise<void>;
  close(): void;
}

/** Every function but `find` throws Refused if the API server refuses. */
export function apiOf(endpoint: AdminEndpoint): Api {
  const requests = apiRequests(endpoint);
  const send: ApiRequests['send'] = async (method, path, sent) => {
    const response = await requests.send(method, path, { type: 'application/json', ...sent });
    const status = response.statusCode ?? 0;
    if (status < 300) return response;
    throw new Refused(status, `${method} ${path}`, (await text(response)).slice(0, 500));
  };
  const call = async (...args: Parameters<typeof send>): Promise<unknown> =>
    JSON.parse(await text(await send(...args)));
  const read: Api['read'] = async (resource) => {
    const { metadata: of, items } = list.parse(await call('GET', pathOf(resource)));
    const objects = items.map((item) => objectFrom(resource, item));
    return { objects, version: of.resourceVersion };
  };
  const patchWith: Api['patchWith'] = async (type, resource, ref, patch, subresource) => {
    const path = `${pathOf(resource, ref)}${subresource ? `/${subresource}` : ''}`;
    await call('PATCH', path, { body: patch, type });
  };

  return {
    call: (method, path, body) => call(method, path, { body }),
    read,
    patchWith,
    async find(resource, ref) {
      try {
        return objectFrom(resource, fields.parse(await call('GET', pathOf(resource, ref))));
      } catch (error) {
        if (error instanceof Refused && error.status === 404) return undefined;
        throw error;
      }
    },
    list: async (resource) => (await read(resource)).objects,
    async create(resource, object) {
      const { kind } = resourceNamed(resource);
      const body = { apiVersion: apiVersionOf(resourceNamed(resource)), kind, ...object };
      const strict = `${pathOfNew(resource, object)}?fieldValidation=Strict`;
      return objectFrom(resource, fields.parse(await call('POST', strict, { body })));
    },
    patch: async (resource, ref, patch, options) =>
      patchWith(MERGE_PATCH, resource, ref, patch, options?.subresource),
    delete: async (resource, ref, options = {}) =>
      call('DELETE', pathOf(resource, ref), { body: options }),
    async deleteAll(resource, namespace) {
      const path = pathOf(resource, { name: '', namespace });
      await call('DELETE', path, { body: { gracePeriodSeconds: 0 } });
    },
    async *watch(resource, version, signal) {
      const path = `${pathOf(resource)}?watch=1&resourceVersion=${version}`;
      const response = await send('GET', path, { signal });
      for await (const line of createInterface({ input: response })) {
        const { type, object } = watchEvent.parse(JSON.parse(line));
        yield { type, object: objectFrom(resource, object) };
      }
    },
    close: requests.close,
  };
}

function objectFrom(resource: ResourceName, read: z.infer<typeof fields>): KubeObject {
  const { kind } = resourceNamed(resource);
  return { ...read, kind, apiVersion: apiVersionOf(resourceNamed(resource)) };
}

/** The path that an object is created under: that of its namespace's. */
function pathOfNew(resource: ResourceName, object: object): string {
  const { metadata: of = {} } = z
    .object({ metadata: z.object({ namespace: z.string().optional() }) })
    .partial()
    .parse(object);
  return pathOf(resource, { name: '', namespace: of.namespace });
}

/** The path of all objects; with `ref`, of one, or without a name of those of a namespace. */
function pathOf(name: ResourceName, ref?: Ref): string {
  const resource = resourceNamed(name);
  const root = resource.group === '' ? '/api' : '/apis';
  const namespace = resource.namespaced && ref ? ['namespaces', ref.namespace ?? 'default'] : [];
  const object = ref?.name ? [ref.name] : [];
  return [root, apiVersionOf(resource), ...namespace, name, ...object].join('/');
}
