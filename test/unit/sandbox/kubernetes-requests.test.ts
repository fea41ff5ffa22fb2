import { expect, test } from 'vitest';
import { apiServer, LEASES, MERGE, PODS, podOf } from './api-server.ts';

const JSON_PATCH = 'application/json-patch+json';
const body = podOf('nowhere', { name: 'refused' });

test.for([
  ['POST', `${PODS}/refused`],
  ['PUT', PODS],
  ['PATCH', PODS],
  ['OPTIONS', PODS],
  ['DELETE', '/api/v1/namespaces'],
  ['DELETE', '/api/v1/pods'],
  ['POST', '/api/v1/pods'],
] as const)('%s %s is not allowed', async ([method, path]) => {
  const api = await apiServer();
  const sent = method === 'PATCH' ? { body: {}, type: MERGE } : { body };
  const refused = await api.send(method, path, method === 'DELETE' ? {} : sent);
  expect(refused).toMatchObject({ status: 405, body: { reason: 'MethodNotAllowed' } });
});

test.for([
  '/api/v1/chairs',
  `${PODS}/refused/chairs`,
  '/api/v1/namespaces/default/nodes',
  '/apis/coordination.k8s.io/v1/chairs',
])('of %s there is none', async (path) => {
  const api = await apiServer();
  const { status, body: answer } = await api.send('GET', path);
  expect([status, answer.message]).toEqual([
    404,
    'the server could not find the requested resource',
  ]);
});

test.for([
  ['a label’s key', { labels: { 'bad key': 'x' } }, 'metadata.labels'],
  ['a label’s value', { labels: { k: 'bad value' } }, 'metadata.labels'],
  ['a label’s domain', { labels: { 'Bad.Domain/k': 'x' } }, 'metadata.labels'],
  ['an annotation’s key', { annotations: { 'a/b/c': 'x' } }, 'metadata.annotations'],
] as const)('%s that cannot be one is refused', async ([, metadata, field]) => {
  const api = await apiServer();
  const path = await api.make(LEASES, { metadata: {}, spec: {} });
  const made = await api.send('POST', LEASES, {
    body: { metadata: { name: 'refused', ...metadata }, spec: {} },
  });
  const patched = await api.send('PATCH', path, { body: { metadata }, type: MERGE });
  for (const refused of [made, patched]) {
    expect(refused.status).toBe(422);
    expect(refused.body.message).toContain(`${field}: Invalid value`);
  }
});

test.for([
  ['without a name', [{ image: 'app' }], 'spec.containers[0].name: Required value'],
  ['without an image', [{ name: 'app' }], 'spec.containers[0].image: Required value'],
  ['with a bad name', [{ name: 'App', image: 'app' }], 'spec.containers[0].name: Invalid value'],
  [
    'with the name of another',
    [
      { name: 'app', image: 'app' },
      { name: 'app', image: 'app' },
    ],
    'spec.containers[1].name: Duplicate value: "app"',
  ],
] as const)('a container %s is refused', async ([, containers, why]) => {
  const api = await apiServer();
  const refused = await api.send('POST', PODS, {
    body: { metadata: { name: 'refused' }, spec: { containers } },
  });
  expect(refused.status).toBe(422);
  expect(refused.body.message).toContain(why);
});

test.for([
  ['name', { name: 'another' }, 400],
  ['namespace', { namespace: 'another' }, 400],
  ['uid', { uid: 'another' }, 422],
] as const)('a patch of another %s is refused', async ([, metadata, status]) => {
  const api = await apiServer();
  const path = await api.make(PODS, podOf('nowhere'));
  const version = await api.version(path);
  for (const at of [path, `${path}/status`]) {
    expect((await api.send('PATCH', at, { body: { metadata }, type: MERGE })).status).toBe(status);
  }
  expect(await api.version(path)).toBe(version);
});

const at = (key: string) => `/metadata/labels/${key}`;

test.for([
  ['add', { op: 'add', path: at('q'), value: '1' }, { a: 'b', q: '1' }],
  ['replace of what is there', { op: 'replace', path: at('a'), value: 'c' }, { a: 'c' }],
  ['replace of what is not', { op: 'replace', path: at('q'), value: 'c' }, { a: 'b', q: 'c' }],
  ['remove', { op: 'remove', path: at('a') }, undefined],
  ['copy', { op: 'copy', from: at('a'), path: at('q') }, { a: 'b', q: 'b' }],
  ['move', { op: 'move', from: at('a'), path: at('q') }, { q: 'b' }],
  ['test that holds', { op: 'test', path: at('a'), value: 'b' }, { a: 'b' }],
  ['test that does not', { op: 'test', path: at('a'), value: 'c' }, 422],
  ['remove of what is not there', { op: 'remove', path: at('q') }, 422],
  ['operation that there is none of', { op: 'paint', path: at('a') }, 422],
  ['path without a root', { op: 'add', path: 'metadata/labels/q', value: '1' }, 422],
] as const)('a JSON patch: %s', async ([, operation, result]) => {
  const api = await apiServer();
  const path = await api.make(LEASES, { metadata: { labels: { a: 'b' } }, spec: {} });
  const sent = { body: [operation], type: JSON_PATCH };
  const { status, body: answer } = await api.send('PATCH', path, sent);
  expect(status === 200 ? answer.metadata?.labels : status).toEqual(result);
});
