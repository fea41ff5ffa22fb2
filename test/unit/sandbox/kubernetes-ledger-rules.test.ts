import { expect, test } from 'vitest';
import { apiServer } from './api-server.ts';
import { AT, ENTRY, LEDGERS, ledgerOf, made, refusal } from './ledgers.ts';

const UNCHECKED =
  '<nil>: Invalid value: null: some validation rules were not checked because the object was invalid; correct the existing errors to complete validation';

const one = (key: string, entry: object = ENTRY) => ({ addresses: { [key]: entry } });
const NEGATIVE =
  'summary.assigned: Invalid value: -1: summary.assigned in body should be greater than or equal to 0';
const thousandAndOne = Object.fromEntries(
  Array.from({ length: 1001 }, (_, index) => [`172.16.${index >> 8}.${index & 255}`, ENTRY]),
);

test.for([
  [
    'of an unknown state',
    one('172.16.1.74', { ...ENTRY, state: 'Gone' }),
    'addresses.172.16.1.74.state: Unsupported value: "Gone": supported values: "Assigning", "Assigned", "Releasing", "Released"',
  ],
  [
    'without a state',
    one('172.16.1.74', { at: AT }),
    'addresses.172.16.1.74.state: Required value',
  ],
  [
    'of a time that is none',
    one('172.16.1.74', { ...ENTRY, at: 'yesterday' }),
    'addresses.172.16.1.74.at: Invalid value: "yesterday": addresses.172.16.1.74.at in body must be of type date-time: "yesterday"',
  ],
  [
    'of half a pod',
    one('172.16.1.74', { ...ENTRY, pod: { namespace: 'demo', name: 'app-0' } }),
    'addresses.172.16.1.74.pod.uid: Required value',
  ],
  [
    'whose entries are a list',
    { addresses: [] },
    'addresses: Invalid value: "array": addresses in body must be of type object: "array"',
  ],
  [
    'with more entries than it can have',
    { addresses: thousandAndOne },
    'addresses: Too many: 1001: must have at most 1000 items',
  ],
  [
    'with a long request id',
    { written: { at: AT, by: 'x'.repeat(129) } },
    'written.by: Too long: may not be more than 128 bytes',
  ],
  ['without addresses', { addresses: undefined }, 'addresses: Required value'],
] as const)('one %s is refused', async ([, more, problem]) => {
  const api = await apiServer();
  const body = ledgerOf({}, more);
  expect(await refusal(api, 'POST', LEDGERS, { body })).toEqual({
    status: 422,
    reason: 'Invalid',
    message: `ENILedger.multus-eni.dev "${body.metadata.name}" is invalid: [${problem}, ${UNCHECKED}]`,
    kind: 'ENILedger',
  });
});

const BAD_NAME =
  'metadata: Invalid value: the name must be the id of an ENI, such as eni-0123456789abcdef0';
const BAD_KEY =
  'addresses: Invalid value: each key must be an IP address, such as 172.16.1.74 or 2001:db8::4a';

test.for([
  ['a name that is no ENI’s', ledgerOf({}, {}, 'worker-1'), BAD_NAME],
  ['a key that is no address', ledgerOf(one('172.16.1.740').addresses), BAD_KEY],
  [
    'a count below zero',
    ledgerOf({}, { summary: { assigned: -1, busy: 0, releasing: 0 } }),
    NEGATIVE,
  ],
  [
    'such a name and such a key',
    ledgerOf(one('all').addresses, {}, 'worker-1'),
    `[${BAD_NAME}, ${BAD_KEY}]`,
  ],
] as const)('one with %s is refused', async ([, body, problem]) => {
  const api = await apiServer();
  expect(await refusal(api, 'POST', LEDGERS, { body })).toMatchObject({
    status: 422,
    message: `ENILedger.multus-eni.dev "${body.metadata.name}" is invalid: ${problem}`,
  });
});

test('a replacement is held to the same rules', async () => {
  const api = await apiServer();
  const { path, metadata } = await made(api);
  const { name, resourceVersion } = metadata;
  const body = { ...ledgerOf(one('172.16').addresses), metadata: { name, resourceVersion } };
  const { message } = await refusal(api, 'PUT', path, { body });
  expect(message).toBe(`ENILedger.multus-eni.dev "${name}" is invalid: ${BAD_KEY}`);
});

test.for([
  ['172.16.1.74', 201],
  ['10.255.0.1', 201],
  ['2001:db8::4a', 201],
  ['2001:db8:0:1:0:0:0:4a', 201],
  ['::1', 201],
  ['2001:DB8::4a', 422],
  ['172.16.1.74/32', 422],
  ['172.16.1.', 422],
  ['172.16.1.256', 422],
  ['01.2.3.4', 422],
  ['1.2.3.4.', 422],
  ['1::2::3', 422],
  ['1:2', 422],
  ['', 422],
] as const)('for an address %j counts as %i says', async ([key, status]) => {
  const api = await apiServer();
  const answer = await api.send('POST', `${LEDGERS}?dryRun=All`, {
    body: ledgerOf(one(key).addresses),
  });
  expect(answer.status).toBe(status);
});
