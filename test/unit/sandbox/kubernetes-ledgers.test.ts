import { randomBytes } from 'node:crypto';
import { expect, test } from 'vitest';
import * as z from 'zod';
import type { Call } from '../../../sandbox/kubernetes/faults.ts';
import { createKubernetesApi } from '../../../sandbox/kubernetes/kubernetes.ts';
import { apiServer } from './api-server.ts';
import { AT, ENTRY, eni, LEDGERS, ledgerOf, made, refusal, stored } from './ledgers.ts';
import { tableAt } from './tables.ts';

test('a ledger is stored as it was sent, without what its kind does not know', async () => {
  const api = await apiServer();
  const addresses = { '172.16.1.74': ENTRY, '2001:db8::4a': { state: 'Releasing', at: AT } };
  const sent = ledgerOf(addresses);
  const { path } = await made(api, { ...sent, status: { ready: true }, more: 1 });
  const { body } = await api.send('GET', path);
  const { metadata: _, ...rest } = sent;
  expect(body).toMatchObject(sent);
  expect(Object.keys(body).toSorted()).toEqual(['metadata', ...Object.keys(rest)].toSorted());
});

test('of two that create a ledger, one is told that it exists', async () => {
  const api = await apiServer();
  const ledger = ledgerOf();
  await made(api, ledger);
  expect(await refusal(api, 'POST', LEDGERS, { body: ledger })).toEqual({
    status: 409,
    reason: 'AlreadyExists',
    message: `eniledgers.multus-eni.dev "${ledger.metadata.name}" already exists`,
    kind: 'eniledgers',
  });
});

test('of two that replace the same version of a ledger, one gets a conflict', async () => {
  const api = await apiServer();
  const { path, metadata } = await made(api);
  const { name, resourceVersion } = metadata;
  const next = (by: string) => ({
    ...ledgerOf({}, { written: { at: AT, by } }),
    metadata: { name, resourceVersion },
  });
  expect((await api.send('PUT', path, { body: next('first') })).status).toBe(200);
  expect(await refusal(api, 'PUT', path, { body: next('second') })).toEqual({
    status: 409,
    reason: 'Conflict',
    message: `Operation cannot be fulfilled on eniledgers.multus-eni.dev "${name}": the object has been modified; please apply your changes to the latest version and try again`,
    kind: 'eniledgers',
  });
  expect((await api.send('GET', path)).body).toMatchObject({ written: { by: 'first' } });
});

test.for([undefined, ''])('none is replaced with %j for its version', async (resourceVersion) => {
  const api = await apiServer();
  const { path, metadata } = await made(api);
  const { name } = metadata;
  const body = { ...ledgerOf(), metadata: { name, resourceVersion } };
  expect(await refusal(api, 'PUT', path, { body })).toEqual({
    status: 422,
    reason: 'Invalid',
    message: `eniledgers.multus-eni.dev "${name}" is invalid: metadata.resourceVersion: Invalid value: 0: must be specified for an update`,
    kind: 'eniledgers',
  });
});

test('one that is not there is neither read nor replaced nor deleted', async () => {
  const api = await apiServer();
  const ledger = ledgerOf();
  const { name } = ledger.metadata;
  const path = `${LEDGERS}/${name}`;
  const body = { ...ledger, metadata: { name, resourceVersion: '1' } };
  for (const [method, sent] of [['GET'], ['PUT', { body }], ['DELETE']] as const) {
    expect(await refusal(api, method, path, sent)).toEqual({
      status: 404,
      reason: 'NotFound',
      message: `eniledgers.multus-eni.dev "${name}" not found`,
      kind: 'eniledgers',
    });
  }
});

test('one is deleted at the version and with the uid that the deletion expects', async () => {
  const api = await apiServer();
  const { path, metadata } = await made(api);
  const { name, uid, resourceVersion } = metadata;
  const deletion = (preconditions: object) => ({ body: { kind: 'DeleteOptions', preconditions } });
  const operation = `Operation cannot be fulfilled on ENILedger.multus-eni.dev "${name}"`;
  const conflict = { status: 409, reason: 'Conflict', kind: 'ENILedger' };
  expect(await refusal(api, 'DELETE', path, deletion({ resourceVersion: '1' }))).toEqual({
    ...conflict,
    message: `${operation}: the ResourceVersion in the precondition (1) does not match the ResourceVersion in record (${resourceVersion}). The object might have been modified`,
  });
  expect(await refusal(api, 'DELETE', path, deletion({ uid: 'other' }))).toEqual({
    ...conflict,
    message: `${operation}: the UID in the precondition (other) does not match the UID in record (${uid}). The object might have been deleted and then recreated`,
  });
  const { status, body } = await api.send('DELETE', path, deletion({ resourceVersion, uid }));
  expect([status, body]).toMatchObject([200, { status: 'Success', details: { name, uid } }]);
  expect((await api.send('GET', path)).status).toBe(404);
});

test('they are listed in pages, and by their labels', async () => {
  const api = await apiServer();
  const instance = `i-${randomBytes(8).toString('hex')}0`;
  const labels = { 'multus-eni.dev/instance': instance };
  const names = [eni(), eni(), eni()].toSorted();
  for (const name of names) await made(api, { ...ledgerOf(), metadata: { name, labels } });
  const page = z.object({
    kind: z.literal('ENILedgerList'),
    metadata: z.object({ continue: z.string().optional() }),
    items: z.array(stored),
  });
  const seen: string[] = [];
  let next = '';
  do {
    const query = new URLSearchParams({
      labelSelector: `multus-eni.dev/instance=${instance}`,
      limit: '2',
      continue: next,
    });
    const { body } = await api.send('GET', `${LEDGERS}?${query}`);
    const { items, metadata } = page.parse(body);
    seen.push(...items.map((item) => item.metadata.name));
    next = metadata.continue ?? '';
  } while (next !== '');
  expect(seen).toEqual(names);
});

test('kubectl shows what is on an ENI, where it is, and when it was written', async () => {
  const api = await apiServer();
  const at = new Date(Date.now() - 3_600_000 * 5).toISOString();
  const { path, metadata } = await made(api, ledgerOf({}, { written: { at, by: 'request-1' } }));
  const bare = { assigned: 0, busy: 3, releasing: 0 };
  const nowhere = await made(api, ledgerOf({}, { summary: bare }));
  const table = await tableAt(api, path);
  expect(table.columnDefinitions?.map(({ name, type }) => `${name} ${type}`)).toEqual([
    'Name string',
    'Instance string',
    'Node string',
    'Assigned integer',
    'Busy integer',
    'Releasing integer',
    'Written date',
  ]);
  const cells = [metadata.name, 'i-0abc', 'worker', 1, 0, 2, expect.stringMatching(/^5h/)];
  expect(table.rows[0]?.cells).toEqual(cells);
  const [row] = (await tableAt(api, nowhere.path)).rows;
  expect(row?.cells.slice(1, -1)).toEqual([null, null, 0, 3, 0]);
});

const isLedger = ({ resource }: Call): boolean => resource === 'eniledgers';
const get = (path: string) =>
  new Request(`https://sandbox${path}`, { headers: { authorization: 'Bearer sandbox-admin' } });

test('a cluster without the kind answers as for a page that is not there, and has no ledgers later', async () => {
  const api = createKubernetesApi();
  const { name } = ledgerOf().metadata;
  api.objects.create('eniledgers', ledgerOf({}, {}, name));
  api.kinds.remove('eniledgers');
  for (const path of [LEDGERS, `${LEDGERS}/${name}`]) {
    const response = await api.fetch(get(path));
    expect([response.status, await response.text()]).toEqual([404, '404 page not found\n']);
  }
  const groups = await (await api.fetch(get('/apis'))).text();
  expect(groups).not.toContain('multus-eni.dev');
  api.kinds.add('eniledgers');
  expect((await api.fetch(get(`${LEDGERS}/${name}`))).status).toBe(404);
  expect(await (await api.fetch(get(LEDGERS))).json()).toMatchObject({ items: [] });
});

test('who may not read ledgers is told so, whether the kind is there or not', async () => {
  const api = createKubernetesApi();
  const allow = api.faults.forbid(isLedger);
  const refused = {
    status: 'Failure',
    reason: 'Forbidden',
    message:
      'eniledgers.multus-eni.dev "eni-0a" is forbidden: User "admin" cannot get resource "eniledgers" in API group "multus-eni.dev" at the cluster scope',
    code: 403,
  };
  expect(await (await api.fetch(get(`${LEDGERS}/eni-0a`))).json()).toMatchObject(refused);
  api.kinds.remove('eniledgers');
  expect(await (await api.fetch(get(`${LEDGERS}/eni-0a`))).json()).toMatchObject(refused);
  allow();
  expect((await api.fetch(get(`${LEDGERS}/eni-0a`))).status).toBe(404);
});
