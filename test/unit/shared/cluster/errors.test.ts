import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { virtualClock } from '../../../../sandbox/clock.ts';
import { tokenTransport } from '../../../../shared/cluster/authenticated-transport.ts';
import { connectKubernetes } from '../../../../shared/cluster/client.ts';
import { describeKubernetesError, kubernetesFailure } from '../../../../shared/cluster/errors.ts';
import {
  type ApiAnswer,
  refusal,
  type ScriptedApiServer,
  startScriptedApiServer,
} from './api-server.ts';

let api: ScriptedApiServer;
beforeEach(async () => {
  api = await startScriptedApiServer();
});
afterEach(() => api.stop());

async function failure(options: { caData?: string; server?: string } = {}): Promise<unknown> {
  const { server, caData } = api;
  const kubernetes = await connectKubernetes({
    transport: tokenTransport({ server, caData, ...options, token: async () => 'token' }),
    clock: virtualClock(),
    requestTimeoutMs: 5_000,
  });
  return kubernetes.listPods({}).then(
    () => 'no error',
    (error: unknown) => error,
  );
}

const FORBIDDEN =
  'pods is forbidden: User "reconcile" cannot list resource "pods" in API group "" at the cluster scope';

test.each<[number, string, string]>([
  [401, 'unauthorized', 'create-access-entry --cluster-name demo'],
  [403, 'forbidden', 'group multus-eni-reconciler'],
  [429, 'throttled', 'tried again later'],
  [500, 'server-error', 'tried again later'],
  [503, 'server-error', 'tried again later'],
  [400, 'refused', 'refused'],
])('HTTP %i is %s, and the line says what to do', async (status, kind, advice) => {
  api.answer(() => refusal(status, { message: `said ${status}` }));
  const error = await failure();
  expect(kubernetesFailure(error).kind).toBe(kind);
  const line = describeKubernetesError(error, { cluster: 'demo' });
  expect(line).toMatch(/^cluster demo: /);
  expect(line).toContain(advice);
  expect(line).not.toContain('\n');
});

test('a forbidden call names who may not do what', async () => {
  api.answer(() => refusal(403, { reason: 'Forbidden', message: FORBIDDEN }));
  expect(describeKubernetesError(await failure(), { cluster: 'demo' })).toContain(FORBIDDEN);
});

test.each<ApiAnswer>([
  { status: 502, body: 'Bad Gateway' },
  { status: 503, body: { message: 7 } },
])('a failure whose body is no Status is named by its code: %j', async (answer) => {
  api.answer(() => answer);
  expect(describeKubernetesError(await failure(), { cluster: 'demo' })).toContain(
    `HTTP ${answer.status}`,
  );
});

test('an API server that nobody listens at is unreachable', async () => {
  await api.stop();
  const error = await failure();
  expect(kubernetesFailure(error)).toMatchObject({
    kind: 'unreachable',
    detail: expect.stringContaining('ECONNREFUSED'),
  });
  api = await startScriptedApiServer();
});

test('an API server with another CA is not trusted', async () => {
  const other = await startScriptedApiServer();
  const error = await failure({ caData: other.caData });
  await other.stop();
  expect(kubernetesFailure(error).kind).toBe('untrusted');
  expect(api.requests).toEqual([]);
});

test('a connection that breaks is unreachable', async () => {
  api.answer(() => undefined);
  const failing = failure();
  await vi.waitFor(() => expect(api.requests).toHaveLength(1));
  await api.stop();
  expect(kubernetesFailure(await failing).kind).toBe('unreachable');
  api = await startScriptedApiServer();
});

test('an object that cannot be read is malformed, and named', async () => {
  api.answer(() => ({ body: { metadata: {}, items: [{ metadata: { name: 'x' } }] } }));
  const error = await failure();
  expect(kubernetesFailure(error).kind).toBe('malformed');
  expect(describeKubernetesError(error, { cluster: 'demo' })).toContain(
    'Pod x: metadata.namespace',
  );
});

test.each([undefined, 'text', new Error(''), { code: 'x' }])(
  'anything else has a line too: %j',
  (e) => {
    expect(describeKubernetesError(e, { cluster: 'demo' })).toMatch(/^cluster demo: /);
  },
);
