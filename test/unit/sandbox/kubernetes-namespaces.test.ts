import { randomUUID } from 'node:crypto';
import { expect, test } from 'vitest';
import { apiServer, MERGE } from './api-server.ts';

const NAMESPACES = '/api/v1/namespaces';
const HOLD = { finalizers: ['example.com/hold'] };
/** A namespace controller takes its time. */
const PATIENT = { timeout: 60_000, interval: 100 };

const leasesIn = (name: string) => `/apis/coordination.k8s.io/v1/namespaces/${name}/leases`;

test('a Namespace that is deleted is emptied, and goes when nothing in it is held', async () => {
  const api = await apiServer();
  const name = `rule-${randomUUID()}`;
  const path = `${NAMESPACES}/${name}`;
  const made = await api.send('POST', NAMESPACES, { body: { metadata: { name } } });
  expect(made.body.metadata).toMatchObject({ labels: { 'kubernetes.io/metadata.name': name } });
  const [free, held] = [`${leasesIn(name)}/free`, `${leasesIn(name)}/held`];
  const lease = (metadata: object) => ({ body: { metadata, spec: {} } });
  await api.send('POST', leasesIn(name), lease({ name: 'free' }));
  await api.send('POST', leasesIn(name), lease({ name: 'held', ...HOLD }));

  const deleted = await api.send('DELETE', path);
  expect(deleted.body).toMatchObject({
    kind: 'Namespace',
    metadata: { deletionTimestamp: expect.any(String) },
    status: { phase: 'Terminating' },
  });
  const late = await api.send('POST', leasesIn(name), lease({ name: 'late' }));
  expect(late).toMatchObject({
    status: 403,
    body: { details: { causes: [{ reason: 'NamespaceTerminating' }] } },
  });
  await expect.poll(() => api.version(free), PATIENT).toBe(404);
  expect((await api.send('GET', held)).body.metadata).toHaveProperty('deletionTimestamp');
  expect(await api.version(path)).not.toBe(404);

  await api.send('PATCH', held, { body: { metadata: { finalizers: null } }, type: MERGE });
  await expect.poll(() => api.version(path), PATIENT).toBe(404);
}, 120_000);

test('a dry run deletes no Namespace', async () => {
  const api = await apiServer();
  const path = await api.make(NAMESPACES, { metadata: {} });
  await api.send('DELETE', `${path}?dryRun=All`);
  const { metadata, status } = (await api.send('GET', path)).body;
  expect(metadata).not.toHaveProperty('deletionTimestamp');
  expect(status).toMatchObject({ phase: 'Active' });
});
