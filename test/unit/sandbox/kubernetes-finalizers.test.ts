import { expect, test } from 'vitest';
import {
  type ApiServerUnderTest,
  apiServer,
  type Frame,
  LEASES,
  MERGE,
  NETWORKS,
  NODES,
  networkOf,
  PODS,
  podOf,
} from './api-server.ts';

const HOLD = 'example.com/hold';
const AND = 'example.com/and';
const NODE = 'nowhere';

const held = (...finalizers: string[]): object => ({ finalizers });

/** What a watch said of an object's deletion, frame by frame; others may write meanwhile. */
const deletionOf = (frames: readonly Frame[]) =>
  frames
    .filter(({ object }) => object.metadata?.deletionTimestamp !== undefined)
    .map(({ type, object: { metadata } }) => [
      type,
      metadata?.deletionGracePeriodSeconds,
      metadata?.finalizers,
    ]);

/** Each that is not like the one before it. */
const changesIn = (frames: readonly unknown[]) =>
  frames.filter((frame, at) => JSON.stringify(frame) !== JSON.stringify(frames[at - 1]));

const setFinalizers = (
  api: ApiServerUnderTest,
  path: string,
  finalizers: readonly string[] | null,
) => api.send('PATCH', path, { body: { metadata: { finalizers } }, type: MERGE });

test('a bound pod with finalizers stays beyond its grace period, until the last one is gone', async () => {
  const api = await apiServer();
  const path = await api.make(PODS, podOf(NODE, held(HOLD, AND)));
  const frames = await api.watch(path);

  const asked = await api.send('DELETE', `${path}?gracePeriodSeconds=20`);
  expect(asked.body.metadata).toMatchObject({ deletionGracePeriodSeconds: 20 });
  const stopped = await api.send('DELETE', `${path}?gracePeriodSeconds=0`);
  expect(stopped.body.metadata).toMatchObject({ deletionGracePeriodSeconds: 0 });
  await setFinalizers(api, path, [HOLD]);
  expect((await setFinalizers(api, path, [])).status).toBe(200);

  expect(await api.version(path)).toBe(404);
  await expect
    .poll(() => deletionOf(frames))
    .toEqual([
      ['MODIFIED', 20, [HOLD, AND]],
      ['MODIFIED', 0, [HOLD, AND]],
      ['MODIFIED', 0, [HOLD]],
      ['DELETED', 0, [HOLD]],
    ]);
});

test('a pod whose last finalizer goes within its grace period stays for its kubelet', async () => {
  const api = await apiServer();
  const path = await api.make(PODS, podOf(NODE, held(HOLD)));
  await api.send('DELETE', path);
  await setFinalizers(api, path, null);
  expect((await api.send('GET', path)).body.metadata).toMatchObject({
    deletionGracePeriodSeconds: 30,
  });
  await api.send('DELETE', `${path}?gracePeriodSeconds=0`);
  expect(await api.version(path)).toBe(404);
});

test.for([
  ['an unbound pod', PODS, podOf(undefined, held(HOLD))],
  ['a Node', NODES, { metadata: held(HOLD) }],
  ['a Lease', LEASES, { metadata: held(HOLD), spec: {} }],
  ['a NetworkAttachmentDefinition', NETWORKS, networkOf(held(HOLD))],
] as const)('%s with a finalizer stays without a grace period', async ([, collection, object]) => {
  const api = await apiServer();
  const path = await api.make(collection, object);
  const frames = await api.watch(path);
  const { status, body } = await api.send('DELETE', path);
  expect(status).toBe(200);
  expect(body.metadata).toMatchObject({
    deletionTimestamp: expect.any(String),
    deletionGracePeriodSeconds: 0,
    finalizers: [HOLD],
  });
  const changedByAnother = async () => {
    const version = await api.version(path);
    await api.send('DELETE', path);
    return (await api.version(path)) !== version;
  };
  // On a real control plane the scheduler writes to an unbound pod too: of the deletion that changes nothing.
  await expect.poll(changedByAnother).toBe(false);
  await setFinalizers(api, path, null);
  expect(await api.version(path)).toBe(404);
  await expect
    .poll(() => changesIn(deletionOf(frames)))
    .toEqual([
      ['MODIFIED', 0, [HOLD]],
      ['DELETED', 0, [HOLD]],
    ]);
});

test('a finalizer also goes by a write of the status, and by a JSON patch', async () => {
  const api = await apiServer();
  const byStatus = await api.make(PODS, podOf(undefined, held(HOLD)));
  await api.send('DELETE', byStatus);
  await setFinalizers(api, `${byStatus}/status`, null);
  expect(await api.version(byStatus)).toBe(404);

  const byPatch = await api.make(PODS, podOf(undefined, held(HOLD)));
  await api.send('DELETE', byPatch);
  const body = [{ op: 'remove', path: '/metadata/finalizers/0' }];
  await api.send('PATCH', byPatch, { body, type: 'application/json-patch+json' });
  expect(await api.version(byPatch)).toBe(404);
});

test('what is being deleted gets no further finalizer, and is not brought back', async () => {
  const api = await apiServer();
  const path = await api.make(PODS, podOf(undefined, held(HOLD)));
  await api.send('DELETE', path);
  const { status, body } = await setFinalizers(api, path, [HOLD, AND]);
  expect(status).toBe(422);
  expect(body.message).toContain(
    `metadata.finalizers: Forbidden: no new finalizers can be added if the object is being deleted, found new finalizers []string{"${AND}"}`,
  );
  const back = { metadata: { deletionTimestamp: null, labels: { a: 'b' } } };
  const patched = await api.send('PATCH', path, { body: back, type: MERGE });
  expect(patched.body.metadata).toMatchObject({
    deletionTimestamp: expect.any(String),
    labels: { a: 'b' },
  });
});

test('a finalizer has a domain, but of a custom resource', async () => {
  const api = await apiServer();
  const body = { ...podOf(undefined, { name: 'refused', finalizers: ['hold'] }) };
  const refused = await api.send('POST', PODS, { body });
  expect(refused.status).toBe(422);
  expect(refused.body.message).toContain('metadata.finalizers[0]: Invalid value: "hold"');
  const path = await api.make(NETWORKS, networkOf(held('hold')));
  await api.send('DELETE', path);
  expect(await api.version(path)).not.toBe(404);
});

test('a pod without finalizers that goes at once is marked before it is gone', async () => {
  const api = await apiServer();
  const [unbound, bound] = [await api.make(PODS, podOf()), await api.make(PODS, podOf(NODE))];
  for (const [path, query] of [
    [unbound, ''],
    [bound, '?gracePeriodSeconds=0'],
  ] as const) {
    const frames = await api.watch(path);
    await api.send('DELETE', `${path}${query}`);
    await expect
      .poll(() => deletionOf(frames).slice(-2))
      .toEqual([
        ['MODIFIED', 0, undefined],
        ['DELETED', 0, undefined],
      ]);
  }
});

test('a negative grace period is one second', async () => {
  const api = await apiServer();
  const path = await api.make(PODS, podOf(NODE));
  const { body } = await api.send('DELETE', `${path}?gracePeriodSeconds=-5`);
  expect(body.metadata).toMatchObject({ deletionGracePeriodSeconds: 1 });
});
