import { expect, test } from 'vitest';
import { apiServer, MERGE, NETWORKS, networkOf, PODS, podOf } from './api-server.ts';

const STRATEGIC = 'application/strategic-merge-patch+json';
const patch = { metadata: { labels: { a: 'b' } } };

test('a body without Content-Type is JSON', async () => {
  const api = await apiServer();
  const path = await api.make(PODS, podOf('nowhere'));
  const { body } = await api.send('GET', path);
  const labelled = { ...body, metadata: { ...body.metadata, labels: { a: 'b' } } };
  expect(await api.send('PUT', path, { body: labelled })).toMatchObject({
    status: 200,
    body: { metadata: { labels: { a: 'b' } } },
  });
  const gone = await api.send('DELETE', path, { body: { gracePeriodSeconds: 0 } });
  expect(gone.status).toBe(200);
  expect(await api.version(path)).toBe(404);
});

test('one of another type is refused', async () => {
  const api = await apiServer();
  for (const type of ['text/plain', 'application/x-www-form-urlencoded', MERGE]) {
    const sent = { body: podOf('nowhere', { name: 'refused' }), type };
    expect(await api.send('POST', PODS, sent)).toMatchObject({
      status: 415,
      body: { reason: 'UnsupportedMediaType' },
    });
  }
});

test('a patch needs its type, of which the character set is no part', async () => {
  const api = await apiServer();
  const path = await api.make(PODS, podOf('nowhere'));
  for (const type of [undefined, 'application/json', 'text/plain']) {
    const sent = { body: patch, ...(type === undefined ? {} : { type }) };
    expect((await api.send('PATCH', path, sent)).status).toBe(415);
  }
  for (const type of [MERGE, STRATEGIC, `${MERGE}; charset=utf-8`]) {
    expect((await api.send('PATCH', path, { body: patch, type })).status).toBe(200);
  }
});

test('a custom resource takes no strategic merge patch, and says what it is', async () => {
  const api = await apiServer();
  const path = await api.make(NETWORKS, networkOf());
  expect((await api.send('PATCH', path, { body: patch, type: STRATEGIC })).status).toBe(415);
  expect((await api.send('PATCH', path, { body: patch, type: MERGE })).status).toBe(200);
  const nameless = { body: { metadata: { name: 'kindless' }, spec: { config: '{}' } } };
  const refused = await api.send('POST', NETWORKS, nameless);
  expect(refused.status).toBe(400);
  expect(refused.body.message).toContain(`Object 'Kind' is missing`);
});

test.for([
  [undefined, 'PodList'],
  ['*/*', 'PodList'],
  ['application/yaml;q=0.5, application/json', 'PodList'],
  ['text/html, */*', 'PodList'],
  ['application/json;as=Table;v=v9;g=meta.k8s.io, application/json', 'PodList'],
  ['application/json;as=Table;v=v1;g=meta.k8s.io, application/json', 'Table'],
  ['application/json;q=0.5, application/json;as=Table;v=v1;g=meta.k8s.io', 'Table'],
  ['application/json;as=PartialObjectMetadataList;v=v1;g=meta.k8s.io', 'PartialObjectMetadataList'],
] as const)('Accept: %s is answered with a %s', async ([accept, kind]) => {
  const api = await apiServer();
  const { status, body } = await api.send('GET', PODS, accept === undefined ? {} : { accept });
  expect([status, body.kind]).toEqual([200, kind]);
});

test.for([
  'text/html',
  'application/*',
  'application/json;as=Table;v=v9;g=meta.k8s.io',
  'application/json;as=Table;v=v1;g=example.com',
  'application/json;as=Chair;v=v1;g=meta.k8s.io',
  'application/json;as=PartialObjectMetadata;v=v1;g=meta.k8s.io',
])('a list for who accepts nothing but %s is refused', async (accept) => {
  const api = await apiServer();
  const { status, body } = await api.send('GET', PODS, { accept });
  expect([status, body.reason]).toEqual([406, 'NotAcceptable']);
});

test('an object without anything but its metadata', async () => {
  const api = await apiServer();
  const path = await api.make(PODS, podOf('nowhere'));
  const accept = 'application/json;as=PartialObjectMetadata;v=v1;g=meta.k8s.io';
  const { body } = await api.send('GET', path, { accept });
  expect(body).toEqual({
    kind: 'PartialObjectMetadata',
    apiVersion: 'meta.k8s.io/v1',
    metadata: (await api.send('GET', path)).body.metadata,
  });
  const patched = await api.send('PATCH', path, { accept, body: patch, type: MERGE });
  expect(patched.body).toMatchObject({ kind: 'PartialObjectMetadata', ...patch });
});
