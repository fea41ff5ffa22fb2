import { expect, test } from 'vitest';
import { apiServer, MERGE, NODES, PODS, podOf } from './api-server.ts';

const NODE = 'nowhere';
const DRY = 'dryRun=All';
const body = { ...podOf(NODE, { name: 'dry-run' }) };

test('a creation answers with the whole object, and makes none', async () => {
  const api = await apiServer();
  const { status, body: made } = await api.send('POST', `${PODS}?${DRY}`, { body });
  expect(status).toBe(201);
  expect(made).toMatchObject({
    kind: 'Pod',
    metadata: { name: 'dry-run', namespace: 'default', uid: expect.any(String) },
    status: { phase: 'Pending' },
  });
  expect(made.metadata).not.toHaveProperty('resourceVersion');
  expect(await api.version(`${PODS}/dry-run`)).toBe(404);
});

test('what would be refused is refused', async () => {
  const api = await apiServer();
  const path = await api.make(PODS, podOf(NODE));
  const name = path.slice(PODS.length + 1);
  const again = { body: podOf(NODE, { name }) };
  expect((await api.send('POST', `${PODS}?${DRY}`, again)).status).toBe(409);
  const wrong = { body: podOf(NODE, { name: 'Dry_run' }) };
  expect((await api.send('POST', `${PODS}?${DRY}`, wrong)).status).toBe(422);
  const stale = { body: { metadata: { resourceVersion: '1' } }, type: MERGE };
  expect((await api.send('PATCH', `${path}?${DRY}`, stale)).status).toBe(409);
  const uid = { body: { preconditions: { uid: 'another' }, dryRun: ['All'] } };
  expect((await api.send('DELETE', path, uid)).status).toBe(409);
  expect((await api.send('DELETE', `${PODS}/absent?${DRY}`)).status).toBe(404);
});

test('an update and a patch answer with what they would come to, and change nothing', async () => {
  const api = await apiServer();
  const path = await api.make(PODS, podOf(NODE));
  const before = await api.send('GET', path);
  const labels = { a: 'b' };
  const patch = { body: { metadata: { labels } }, type: MERGE };
  const put = {
    body: { ...before.body, metadata: { ...before.body.metadata, labels } },
    type: 'application/json',
  };
  for (const answer of [
    await api.send('PATCH', `${path}?${DRY}`, patch),
    await api.send('PATCH', `${path}/status?${DRY}`, patch),
    await api.send('PUT', `${path}?${DRY}`, put),
  ]) {
    const { resourceVersion } = before.body.metadata ?? {};
    expect(answer).toMatchObject({ status: 200, body: { metadata: { labels, resourceVersion } } });
  }
  expect(await api.send('GET', path)).toEqual(before);
});

test('a deletion deletes nothing, by its parameters or by its body', async () => {
  const api = await apiServer();
  const path = await api.make(PODS, podOf(NODE));
  const before = await api.send('GET', path);
  const force = { dryRun: ['All'], gracePeriodSeconds: 0 };
  const answers = [
    await api.send('DELETE', `${path}?${DRY}`),
    await api.send('DELETE', path, { body: { dryRun: ['All'] } }),
    await api.send('DELETE', path, { body: force, type: 'application/json' }),
  ];
  expect(answers.map((answer) => answer.body.metadata?.deletionGracePeriodSeconds)).toEqual([
    30, 30, 0,
  ]);
  const collection = `${PODS}?labelSelector=absent&${DRY}`;
  expect((await api.send('DELETE', collection)).body.kind).toBe('PodList');
  expect(await api.send('GET', path)).toEqual(before);

  const node = await api.make(NODES, { metadata: {} });
  const answered = await api.send('DELETE', `${node}?${DRY}`);
  expect(answered).toMatchObject({ status: 200, body: { kind: 'Status', status: 'Success' } });
  expect(await api.version(node)).not.toBe(404);
});

test('a deletion of a collection deletes nothing', async () => {
  const api = await apiServer();
  const path = await api.make(PODS, podOf(NODE, { labels: { dry: 'run' } }));
  const version = await api.version(path);
  await api.send('DELETE', `${PODS}?labelSelector=dry&${DRY}`);
  await api.send('DELETE', `${PODS}?labelSelector=dry`, { body: { dryRun: ['All'] } });
  expect(await api.version(path)).toBe(version);
});

test('the removal of the last finalizer removes nothing', async () => {
  const api = await apiServer();
  const path = await api.make(PODS, podOf(undefined, { finalizers: ['example.com/hold'] }));
  await api.send('DELETE', path);
  const patch = { body: { metadata: { finalizers: null } }, type: MERGE };
  const { status, body: answer } = await api.send('PATCH', `${path}?${DRY}`, patch);
  expect([status, answer.metadata?.finalizers]).toEqual([200, undefined]);
  expect(await api.version(path)).not.toBe(404);
});

test.for([
  ['POST', '', 'CreateOptions'],
  ['PUT', '/absent', 'UpdateOptions'],
  ['PATCH', '/absent', 'PatchOptions'],
  ['DELETE', '/absent', 'DeleteOptions'],
  ['DELETE', '', 'DeleteOptions'],
] as const)('%s %s: any value but All is refused, an empty one too', async ([method, at, kind]) => {
  const api = await apiServer();
  for (const value of ['Server', 'all', '']) {
    const typed = method === 'PATCH' ? { body, type: MERGE } : { body };
    const query = `dryRun=${value}&labelSelector=absent`;
    const refused = await api.send(
      method,
      `${PODS}${at}?${query}`,
      method === 'DELETE' ? {} : typed,
    );
    expect(refused).toMatchObject({
      status: 422,
      body: {
        reason: 'Invalid',
        message: `${kind}.meta.k8s.io "" is invalid: dryRun: Unsupported value: ["${value}"]: supported values: "All"`,
      },
    });
  }
});

test('a deletion that has a body goes by that alone', async () => {
  const api = await apiServer();
  const path = await api.make(PODS, podOf(NODE));
  const { body: answer } = await api.send('DELETE', `${path}?${DRY}&gracePeriodSeconds=5`, {
    body: {},
  });
  expect(answer.metadata).toMatchObject({ deletionGracePeriodSeconds: 30 });
  expect((await api.send('GET', path)).body.metadata).toHaveProperty('deletionTimestamp');
});

test('a propagation policy that there is none of is refused', async () => {
  const api = await apiServer();
  const path = await api.make(PODS, podOf(NODE));
  for (const refused of [
    await api.send('DELETE', `${path}?propagationPolicy=Never`),
    await api.send('DELETE', path, { body: { propagationPolicy: 'Never' } }),
  ]) {
    expect(refused.status).toBe(422);
    expect(refused.body.message).toContain('propagationPolicy: Unsupported value: "Never"');
  }
});
