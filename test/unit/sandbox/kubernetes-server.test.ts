import { once } from 'node:events';
import type { IncomingMessage } from 'node:http';
import { request } from 'node:https';
import { VersionApi } from '@kubernetes/client-node';
import { expect, test } from 'vitest';
import { virtualClock } from '../../../sandbox/clock.ts';
import { createKubernetesApi } from '../../../sandbox/kubernetes/kubernetes.ts';
import { codeOf, connect, pod, watchPods } from './kubernetes-clients.ts';

const namespace = 'default';

const get = (path: string, token = 'sandbox-admin') =>
  new Request(`https://kubernetes${path}`, { headers: { authorization: `Bearer ${token}` } });

test('the server’s certificate is for 127.0.0.1 and trusted through caData alone', async () => {
  const { config, kubernetes } = await connect();
  expect(kubernetes.url).toMatch(/^https:\/\/127\.0\.0\.1:\d+$/);
  expect((await config.makeApiClient(VersionApi).getCode()).major).toBe('1');
  await expect(fetch(`${kubernetes.url}/version`)).rejects.toThrow();
});

test.each([
  { pods: 1_000, accept: 'gzip, deflate', encoding: 'gzip' },
  { pods: 1_000, accept: 'deflate', encoding: undefined },
  { pods: 10, accept: 'gzip', encoding: undefined },
])('$pods pods are answered as $encoding to who accepts $accept', async (example) => {
  const { kubernetes } = await connect();
  for (let n = 0; n < example.pods; n += 1) kubernetes.objects.create('pods', pod(`pod-${n}`));
  const sent = request(`${kubernetes.url}/api/v1/pods`, {
    ca: Buffer.from(kubernetes.caData, 'base64'),
    headers: { authorization: 'Bearer sandbox-admin', 'accept-encoding': example.accept },
  }).end();
  const [answer]: IncomingMessage[] = await once(sent, 'response');
  expect(answer?.headers['content-encoding']).toBe(example.encoding);
  answer?.destroy();
});

test('discovery names every resource with its group, names and verbs', async () => {
  const api = createKubernetesApi();
  const groups = await (await api.fetch(get('/apis'))).json();
  expect(groups).toMatchObject({
    groups: [
      { name: 'coordination.k8s.io' },
      { name: 'k8s.cni.cncf.io' },
      { name: 'whereabouts.cni.cncf.io' },
      { name: 'multus-eni.dev' },
    ],
  });
  const core = await (await api.fetch(get('/api/v1'))).json();
  expect(core).toMatchObject({ groupVersion: 'v1', resources: expect.any(Array) });
  expect(JSON.stringify(core)).toContain('"pods/status"');
  expect((await api.fetch(get('/apis/apps/v1/deployments'))).status).toBe(404);
});

test('a token that is nobody’s is 401, a user without the right 403', async () => {
  const { core } = await connect(
    {
      authenticate: async (token) =>
        token === 'reader' ? { username: 'reader', groups: [] } : undefined,
      authorize: (_user, { verb }) => verb === 'list',
    },
    'reader',
  );
  expect((await core.listNamespacedPod({ namespace })).items).toEqual([]);
  expect(await codeOf(core.createNamespacedPod({ namespace, body: pod('a') }))).toBe(403);
  const stranger = await connect({}, 'stranger');
  expect(await codeOf(stranger.core.listNamespacedPod({ namespace }))).toBe(401);
});

test('the log says who asked for what, and when', async () => {
  const clock = virtualClock(5_000_000_000_000);
  const { core, kubernetes } = await connect({ clock });
  await core.listNamespacedPod({ namespace });
  expect(kubernetes.calls).toEqual([
    { verb: 'list', resource: 'pods', namespace, user: 'admin', at: 5_000_000_000_000 },
  ]);
  kubernetes.forgetCalls();
  expect(kubernetes.calls).toEqual([]);
});

test('a body that is no object, or is another’s, is refused', async () => {
  const api = createKubernetesApi();
  const post = (body: string, type = 'application/json') =>
    api.fetch(
      new Request('https://kubernetes/api/v1/namespaces/default/pods', {
        method: 'POST',
        headers: { authorization: 'Bearer sandbox-admin', 'content-type': type },
        body,
      }),
    );
  expect((await post('{')).status).toBe(400);
  expect((await post('[]')).status).toBe(400);
  expect((await post('{"kind":"Node","metadata":{"name":"a"}}')).status).toBe(400);
  expect((await post('{"metadata":{"name":"a","namespace":"other"}}')).status).toBe(400);
  expect((await post('x', 'application/vnd.kubernetes.protobuf')).status).toBe(400);
  expect((await post('x', 'text/plain')).status).toBe(415);
});

test('a server that is down cuts connections and watches, and comes back', async () => {
  const { core, config, kubernetes } = await connect();
  const { ended } = await watchPods(config, {});
  await expect.poll(() => kubernetes.watches.count()).toBe(1);
  kubernetes.faults.goDown('unreachable');
  expect(await ended).toBeInstanceOf(Error);
  await expect(core.listNamespacedPod({ namespace })).rejects.toThrow();
  kubernetes.faults.goDown('error');
  expect(await codeOf(core.listNamespacedPod({ namespace }))).toBe(500);
  kubernetes.faults.comeUp();
  expect((await core.listNamespacedPod({ namespace })).items).toEqual([]);
});

test('a server that hangs answers once it is back', async () => {
  const { core, kubernetes } = await connect();
  kubernetes.faults.goDown('hang');
  let answered = false;
  const listed = core.listNamespacedPod({ namespace }).finally(() => {
    answered = true;
  });
  await expect.poll(() => kubernetes.calls.length).toBe(1);
  expect(answered).toBe(false);
  kubernetes.faults.comeUp();
  expect((await listed).items).toEqual([]);
});

test('the next matching requests fail as told, without effect; the others pass', async () => {
  const { core, kubernetes } = await connect();
  kubernetes.faults.failNext(2, ({ verb }) => verb === 'create', 429);
  const create = () => core.createNamespacedPod({ namespace, body: pod('a') });
  expect(await codeOf(create())).toBe(429);
  expect((await core.listNamespacedPod({ namespace })).items).toEqual([]);
  expect(await codeOf(create())).toBe(429);
  expect((await create()).metadata?.name).toBe('a');
});

test('a delay waits on the clock', async () => {
  const clock = virtualClock();
  const api = createKubernetesApi({ clock });
  api.faults.delay(2000, ({ resource }) => resource === 'pods');
  expect((await api.fetch(get('/api/v1/nodes'))).status).toBe(200);
  const slow = api.fetch(get('/api/v1/pods'));
  await expect.poll(() => clock.nextTimer()).toBe(clock.now() + 2000);
  clock.advance(2000);
  expect((await slow).status).toBe(200);
});
