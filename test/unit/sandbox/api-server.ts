import { randomUUID } from 'node:crypto';
import { createInterface } from 'node:readline';
import { text } from 'node:stream/consumers';
import { expect, onTestFinished } from 'vitest';
import * as z from 'zod';
import { ADMIN_TOKEN } from '../../../sandbox/kubernetes/authentication.ts';
import { startKubernetes } from '../../../sandbox/kubernetes/kubernetes.ts';
import { type AdminEndpoint, apiRequests, type Sent } from '../../support/api-requests.ts';

export const PODS = '/api/v1/namespaces/default/pods';
export const NODES = '/api/v1/nodes';
export const LEASES = '/apis/coordination.k8s.io/v1/namespaces/default/leases';
export const NETWORKS =
  '/apis/k8s.cni.cncf.io/v1/namespaces/default/network-attachment-definitions';
export const MERGE = 'application/merge-patch+json';

const server = z.object({ server: z.string(), caData: z.string(), adminToken: z.string() });
const objectSchema = z.looseObject({
  kind: z.string(),
  metadata: z.looseObject({ name: z.string().optional() }).optional(),
});
const frameSchema = z.object({ type: z.string(), object: objectSchema });

export interface Answered {
  readonly status: number;
  readonly body: z.infer<typeof objectSchema>;
}

export type Frame = z.infer<typeof frameSchema>;

/** An API server as any HTTP client meets it. */
export interface ApiServerUnderTest {
  send(method: string, path: string, sent?: Sent): Promise<Answered>;
  /** Creates an object with a name of its own, which goes with the test. @returns its path. */
  make(path: string, object: object): Promise<string>;
  /** What a watch of one object's path tells of, from now on. */
  watch(path: string, sent?: Pick<Sent, 'accept'>): Promise<readonly Frame[]>;
  /** The version of what is stored; the status of the answer if nothing is. */
  version(path: string): Promise<unknown>;
}

/**
 * The sandbox's, ended with the test; or the one that API_SERVER describes, so that a real one
 * is held to the same rules.
 */
export async function apiServer(): Promise<ApiServerUnderTest> {
  const { API_SERVER } = process.env;
  if (API_SERVER !== undefined) return clientOf(server.parse(JSON.parse(API_SERVER)));
  const kubernetes = await startKubernetes();
  onTestFinished(() => kubernetes.stop());
  const { url, caData } = kubernetes;
  return clientOf({ server: url, caData, adminToken: ADMIN_TOKEN });
}

function clientOf(endpoint: AdminEndpoint): ApiServerUnderTest {
  const requests = apiRequests(endpoint);
  onTestFinished(() => requests.close());
  const open = requests.send;
  const send: ApiServerUnderTest['send'] = async (method, path, sent) => {
    const response = await open(method, path, sent);
    const body = objectSchema.parse(JSON.parse(await text(response)));
    return { status: response.statusCode ?? 0, body };
  };
  const remove = async (path: string): Promise<void> => {
    await send('DELETE', path, { body: { gracePeriodSeconds: 0 } });
    await send('PATCH', path, { body: { metadata: { finalizers: null } }, type: MERGE });
  };

  return {
    send,
    async make(path, object) {
      const { metadata } = objectSchema.partial().parse(object);
      const name = `rule-${randomUUID()}`;
      const made = { ...object, metadata: { ...metadata, name } };
      const { status, body } = await send('POST', path, { body: made });
      expect([status, body]).toEqual([201, expect.anything()]);
      onTestFinished(() => remove(`${path}/${name}`));
      return `${path}/${name}`;
    },
    async watch(path, sent) {
      const [, collection = '', name = ''] = /^(.*)\/([^/]+)$/.exec(path) ?? [];
      const { body } = await send('GET', path);
      const resourceVersion = String(body.metadata?.resourceVersion);
      const query = new URLSearchParams({
        watch: '1',
        fieldSelector: `metadata.name=${name}`,
        resourceVersion,
      });
      const response = await open('GET', `${collection}?${query}`, sent);
      const frames: Frame[] = [];
      onTestFinished(() => void response.destroy());
      createInterface({ input: response }).on('line', (line) => {
        frames.push(frameSchema.parse(JSON.parse(line)));
      });
      response.on('error', () => undefined);
      return frames;
    },
    async version(path) {
      const { status, body } = await send('GET', path);
      return status === 200 ? body.metadata?.resourceVersion : status;
    },
  };
}

/** A pod that is bound to a node, of which there is none, or to nothing. */
export function podOf(nodeName?: string, metadata: object = {}): object {
  const containers = [{ name: 'app', image: 'app' }];
  return { metadata, spec: { containers, ...(nodeName === undefined ? {} : { nodeName }) } };
}

/** A NetworkAttachmentDefinition. */
export function networkOf(metadata: object = {}): object {
  return {
    apiVersion: 'k8s.cni.cncf.io/v1',
    kind: 'NetworkAttachmentDefinition',
    metadata,
    spec: { config: '{}' },
  };
}
