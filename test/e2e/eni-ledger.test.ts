import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import * as z from 'zod';
import { tokenTransport } from '../../shared/cluster/authenticated-transport.ts';
import { refusalOf } from '../../shared/cluster/errors.ts';
import { type ApiRequest, readText } from '../../shared/cluster/transport.ts';
import { patience } from '../support/machine.ts';
import { type PlaneBed, startPlaneBed } from './support/plane-bed.ts';

/* What a real API server makes of deploy/base/eni-ledger.yaml and of the rights on it. */

const LEDGERS = '/apis/multus-eni.dev/v1/eniledgers';
const NAME = 'eni-0123456789abcdef0';
const AT = '2026-12-02T04:24:23Z';
const ENTRY = {
  state: 'Assigned',
  at: AT,
  pod: { namespace: 'demo', name: 'app-0', uid: 'b1b3a0f6-3c5c-4ff6-a3a8-0c5f1b5a9f10' },
};
const ledger = z.looseObject({
  metadata: z.looseObject({ name: z.string(), resourceVersion: z.string().optional() }),
  addresses: z.record(z.string(), z.unknown()),
});
type Ledger = z.infer<typeof ledger>;

const ledgerOf = (name: string, addresses: object = { '172.16.1.74': ENTRY }): Ledger =>
  ledger.parse({
    apiVersion: 'multus-eni.dev/v1',
    kind: 'ENILedger',
    metadata: { name, labels: { 'velero.io/exclude-from-backup': 'true' } },
    summary: { node: 'worker-a', instance: 'i-0abc', assigned: 24, busy: 0, releasing: 1 },
    written: { at: AT, by: 'request-1' },
    addresses,
  });

let bed: PlaneBed;
const kubectl = (...args: string[]) => bed.plane.kubectl(args);
const create = (object: Ledger, ...args: string[]) => {
  const how = ['create', '--filename=-', ...args];
  return bed.plane.kubectl(how, { input: JSON.stringify(object) });
};

/** As the functions do. @returns what is answered. */
async function asFunctions(request: Omit<ApiRequest, 'signal'>): Promise<unknown> {
  const { server, caData } = bed.plane;
  const transport = tokenTransport({ server, caData, token: bed.functionsToken });
  const signal = AbortSignal.timeout(patience(10_000));
  return JSON.parse(await readText(await transport({ ...request, signal }), 1e6));
}
const made = async (object: Ledger) =>
  ledger.parse(await asFunctions({ method: 'POST', path: LEDGERS, body: object }));
const replaced = async (object: Ledger) => {
  const path = `${LEDGERS}/${object.metadata.name}`;
  return ledger.parse(await asFunctions({ method: 'PUT', path, body: object }));
};
/** Why the API server refuses what the functions ask: the code and the reason. */
const refusal = async (call: Promise<unknown>): Promise<string> => {
  const error = await call.catch((thrown: unknown) => thrown);
  const { code, status } = refusalOf(error) ?? {};
  return `${code} ${status?.reason}`;
};

beforeAll(async () => {
  bed = await startPlaneBed();
  // A new kind is answered for a little later than it is there.
  await vi.waitFor(() => kubectl('get', 'enis'), patience(20_000));
  await kubectl('create', 'namespace', 'team');
  const admin = ['--clusterrole=admin', '--user=tenant'];
  await kubectl('create', 'rolebinding', 'tenant', '--namespace=team', ...admin);
  // More than a namespace's admin: an editor of all namespaces.
  const edit = ['--clusterrole=edit', '--user=editor'];
  await kubectl('create', 'clusterrolebinding', 'editor', ...edit);
});
afterAll(() => bed?.stop());

describe('the functions', () => {
  test('create a ledger once, replace what they have read, and delete it', async () => {
    const first = await made(ledgerOf(NAME));
    expect(await refusal(made(ledgerOf(NAME)))).toBe('409 AlreadyExists');
    const second = await replaced({ ...first, addresses: {} });
    expect(second.addresses).toEqual({});
    expect(await refusal(replaced({ ...first, addresses: {} }))).toBe('409 Conflict');
    expect(await refusal(replaced(ledgerOf(NAME)))).toBe('422 Invalid');
    const remove = (resourceVersion: string | undefined) =>
      asFunctions({
        method: 'DELETE',
        path: `${LEDGERS}/${NAME}`,
        body: { kind: 'DeleteOptions', apiVersion: 'v1', preconditions: { resourceVersion } },
      });
    expect(await refusal(remove(first.metadata.resourceVersion))).toBe('409 Conflict');
    await remove(second.metadata.resourceVersion);
    const look = asFunctions({ path: `${LEDGERS}/${NAME}` });
    expect(await refusal(look)).toBe('404 NotFound');
  });

  test('note 250 addresses on one ENI, and leave no list of them among its managed fields', async () => {
    const pod = { namespace: 'n'.repeat(63), name: 'a'.repeat(253), uid: ENTRY.pod.uid };
    const entries = Array.from({ length: 250 }, (_, index) => [
      `172.16.1.${index}`,
      { ...ENTRY, pod },
    ]);
    const stored = await made(ledgerOf('eni-0250', Object.fromEntries(entries)));
    const again = await replaced({ ...stored, written: { at: AT, by: 'request-2' } });
    expect(Object.keys(again.addresses)).toHaveLength(250);
    expect(JSON.stringify(again.metadata)).not.toContain('172.16.1.');
  });

  test('neither patch nor watch ledgers, nor delete all at once', async () => {
    const path = `${LEDGERS}/${NAME}`;
    const patch = {
      method: 'PATCH',
      path,
      body: {},
      contentType: 'application/merge-patch+json',
    } as const;
    for (const request of [
      patch,
      { path: `${LEDGERS}?watch=1` },
      { method: 'DELETE', path: LEDGERS } as const,
    ]) {
      expect(await refusal(asFunctions(request))).toBe('403 Forbidden');
    }
  });
});

describe('nobody else writes a ledger', () => {
  const VERBS = ['create', 'update', 'patch', 'delete', 'deletecollection'];
  const may = async (verb: string, ...who: string[]): Promise<string> => {
    const asked = ['auth', 'can-i', verb, 'eniledgers.multus-eni.dev', ...who];
    // It ends with 1 if the answer is no.
    return kubectl(...asked).then(
      (said) => said.trim(),
      () => 'no',
    );
  };

  test.each([
    ['the admin of a namespace', '--as=tenant', '--namespace=team'],
    ['an editor of all namespaces', '--as=editor', '--namespace=default'],
  ])('%s reads none either', async (_, ...who) => {
    for (const verb of ['get', 'list', 'watch', ...VERBS])
      expect(await may(verb, ...who)).toBe('no');
    await expect(create(ledgerOf('eni-0bad'), ...who)).rejects.toThrow(
      /cannot create resource "eniledgers"/,
    );
    await expect(kubectl('get', 'enis', ...who)).rejects.toThrow(
      /cannot list resource "eniledgers"/,
    );
  });

  test('nor does the forwarder', async () => {
    const who = `--token=${bed.forwarder.token}`;
    for (const verb of ['get', 'list', 'watch', ...VERBS]) expect(await may(verb, who)).toBe('no');
    await expect(create(ledgerOf('eni-0bad'), who)).rejects.toThrow(
      /cannot create resource "eniledgers"/,
    );
  });
});

describe('whoever looks', () => {
  test('sees with kubectl what is on each ENI', async () => {
    const at = new Date(Date.now() - 3 * 86_400_000).toISOString();
    await made({ ...ledgerOf('eni-0aa'), written: { at, by: 'request-1' } });
    const [head = '', ...rows] = (await kubectl('get', 'enis')).trim().split('\n');
    expect(head.split(/\s+/)).toEqual([
      'NAME',
      'INSTANCE',
      'NODE',
      'ASSIGNED',
      'BUSY',
      'RELEASING',
      'WRITTEN',
    ]);
    const row = rows.find((each) => each.startsWith('eni-0aa '));
    expect(row?.trim().split(/\s+/)).toEqual([
      'eni-0aa',
      'i-0abc',
      'worker-a',
      '24',
      '0',
      '1',
      '3d',
    ]);
    for (const kind of ['eni', 'eniledger', 'eniledgers']) {
      expect(await kubectl('get', kind, 'eni-0aa', '--output=name')).toBe(
        'eniledger.multus-eni.dev/eni-0aa\n',
      );
    }
  });

  test.for([
    ['eniledger', 'which secondary private IP addresses', 'summary'],
    [
      'eniledger.addresses',
      'The key is the address as EC2 shows it',
      'enum: Assigning, Assigned, Releasing, Released',
    ],
    ['eniledger.written.by', 'The SQS id of the message that asked for the look'],
  ])('is told by kubectl explain what %s means', async ([path = '', ...words]) => {
    const said = (await kubectl('explain', path)).replaceAll(/\s+/g, ' ');
    for (const each of words) expect(said).toContain(each);
  });
});

const BAD_NAME = /the name must be the id of an ENI, such as eni-0123456789abcdef0/;
const BAD_KEY = /each key must be an IP address, such as 172.16.1.74 or 2001:db8::4a/;

test.each([
  ['named like a Node', ledgerOf('worker-a'), BAD_NAME],
  ['named after a pod’s interface', ledgerOf('eni-eth1'), BAD_NAME],
  ['of a name in the place of an address', ledgerOf('eni-0bad', { 'app-0': ENTRY }), BAD_KEY],
  ['of a range', ledgerOf('eni-0bad', { '172.16.1.0/24': ENTRY }), BAD_KEY],
  [
    'of an unknown state',
    ledgerOf('eni-0bad', { '172.16.1.74': { ...ENTRY, state: 'Gone' } }),
    /Unsupported value: "Gone"/,
  ],
] as const)('a ledger %s is refused, whoever writes it', async (_, object, why) => {
  await expect(create(object)).rejects.toThrow(why);
});

test('what a restore brought back goes with one command', async () => {
  await made(ledgerOf('eni-0dd'));
  await kubectl('delete', 'eniledgers', '--all');
  expect(await asFunctions({ path: LEDGERS })).toMatchObject({ items: [] });
});

test('an administrator who takes the kind away leaves the functions a plain 404, and it comes back empty', async () => {
  await made(ledgerOf('eni-0cc'));
  const definition = await kubectl('get', 'crd', 'eniledgers.multus-eni.dev', '--output=json');
  await kubectl('delete', 'crd', 'eniledgers.multus-eni.dev');
  const look = () => asFunctions({ path: LEDGERS });
  await expect.poll(() => refusal(look()), { timeout: 20_000 }).toBe('404 undefined');
  const { spec } = z.object({ spec: z.unknown() }).parse(JSON.parse(definition));
  const metadata = { name: 'eniledgers.multus-eni.dev' };
  const again = {
    apiVersion: 'apiextensions.k8s.io/v1',
    kind: 'CustomResourceDefinition',
    metadata,
    spec,
  };
  await bed.plane.kubectl(['create', '--filename=-'], { input: JSON.stringify(again) });
  const empty = async () => (await look().catch(() => undefined)) ?? {};
  await expect.poll(empty, { timeout: 20_000 }).toMatchObject({ items: [] });
});
