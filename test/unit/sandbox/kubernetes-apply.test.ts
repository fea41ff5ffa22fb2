import { expect, test } from 'vitest';
import { type ApiServerUnderTest, apiServer, LEASES } from './api-server.ts';

const type = 'application/apply-patch+yaml';

/** A Lease as a manager applies it. */
function lease(spec: object, metadata: object = {}) {
  return { apiVersion: 'coordination.k8s.io/v1', kind: 'Lease', metadata, spec };
}

function applying(api: ApiServerUnderTest, path: string) {
  return (manager: string, body: object | string, query = '') =>
    api.send('PATCH', `${path}?fieldManager=${manager}${query}`, { body, type });
}

test('what is applied is made if it is not there, and changed if it is', async () => {
  const api = await apiServer();
  const made = await api.make(LEASES, lease({}));
  await api.send('DELETE', made);
  const apply = applying(api, made);
  const name = made.slice(LEASES.length + 1);
  const nameless = await apply('me', lease({ holderIdentity: 'a' }));
  expect([nameless.status, nameless.body.message]).toEqual([
    400,
    `the name of the object (${name} based on URL) was undeterminable: name must be provided`,
  ]);
  expect((await apply('me', lease({ holderIdentity: 'a' }, { name }))).status).toBe(201);
  const yaml = 'apiVersion: coordination.k8s.io/v1\nkind: Lease\nspec: { holderIdentity: b }\n';
  const { status, body } = await apply('me', yaml);
  expect([status, body]).toEqual([200, expect.objectContaining({ spec: { holderIdentity: 'b' } })]);
});

test('a field that its manager applies no longer goes, and one of another manager stays', async () => {
  const api = await apiServer();
  const apply = applying(api, await api.make(LEASES, lease({})));
  await apply('me', lease({ holderIdentity: 'a', leaseDurationSeconds: 15 }));
  await apply('you', lease({ leaseTransitions: 3 }));
  const { body } = await apply('me', lease({ leaseDurationSeconds: 15 }));
  expect(body.spec).toEqual({ leaseDurationSeconds: 15, leaseTransitions: 3 });
});

test('a field of another manager is a conflict, unless the value is the same or force is given', async () => {
  const api = await apiServer();
  const apply = applying(api, await api.make(LEASES, lease({})));
  await apply('me', lease({ holderIdentity: 'a' }));
  expect((await apply('you', lease({ holderIdentity: 'a' }))).status).toBe(200);
  const refused = await apply('you', lease({ holderIdentity: 'b' }));
  expect(refused).toMatchObject({ status: 409, body: { reason: 'Conflict' } });
  expect(refused.body.message).toContain('conflict with "me": .spec.holderIdentity');
  const forced = await apply('you', lease({ holderIdentity: 'b' }), '&force=true');
  expect(forced.body.spec).toEqual({ holderIdentity: 'b' });
  expect((await apply('me', lease({ holderIdentity: 'a' }))).status).toBe(409);
});

test('an apply without a manager is refused', async () => {
  const api = await apiServer();
  const path = await api.make(LEASES, lease({}));
  expect((await api.send('PATCH', path, { body: lease({}), type })).status).toBe(422);
});
