import fc from 'fast-check';
import { beforeEach, describe, expect, onTestFinished, test } from 'vitest';
import type { RunningKubernetes } from '../../../../sandbox/kubernetes/kubernetes.ts';
import { parseNetworks } from '../../../../shared/claims/net-attach-def.ts';
import { IGNORE } from '../../../../shared/cluster/annotations.ts';
import type { Kubernetes } from '../../../../shared/cluster/kubernetes.ts';
import { networkFromObject } from '../../../../shared/cluster/networks.ts';
import { connectedKubernetes } from '../../../support/sandbox-kubernetes.ts';
import { listOf } from './api-server.ts';
import { startClientBed } from './client-bed.ts';

const NETWORKS = 'network-attachment-definitions';
const MEGABYTE = 'x'.repeat(1_000_000);

let api: RunningKubernetes;
let kubernetes: Kubernetes;

beforeEach(async () => {
  ({ api, kubernetes } = await connectedKubernetes());
});

function create(name: string, config = '{}'): void {
  api.objects.create(NETWORKS, { metadata: { namespace: 'default', name }, spec: { config } });
}

function change(name: string, config: string): void {
  api.objects.patch(NETWORKS, { namespace: 'default', name }, { spec: { config } });
}

function remove(name: string): void {
  api.objects.delete(NETWORKS, { namespace: 'default', name });
}

/** Lists the definitions, and says what that took. */
async function look() {
  api.forgetCalls();
  const before = api.sentBytes();
  const networks = await kubernetes.listNetworkAttachmentDefinitions();
  const configs = Object.fromEntries(networks.map(({ name, config }) => [name, config]));
  return { networks, configs, calls: api.calls.length, bytes: api.sentBytes() - before };
}

test('forty definitions of a megabyte are read once, and the next looks read their metadata alone', async () => {
  for (let nth = 0; nth < 40; nth += 1) create(`large-${nth}`, MEGABYTE);
  const first = await look();
  const second = await look();
  expect(second.networks).toEqual(first.networks);
  expect(second.calls).toBe(1);
  // Some hundred bytes of each.
  expect(second.bytes).toBeLessThan(40_000);
});

test('of forty definitions of a megabyte those that changed are read alone, however many', async () => {
  for (let nth = 0; nth < 40; nth += 1) create(`large-${nth}`, MEGABYTE);
  await look();
  for (let nth = 0; nth < 25; nth += 1) change(`large-${nth}`, `{"nth":${nth}}`);
  const { configs, calls, bytes } = await look();
  expect(configs).toMatchObject({ 'large-0': '{"nth":0}', 'large-24': '{"nth":24}' });
  expect(calls).toBe(26);
  expect(bytes).toBeLessThan(60_000);
});

test('if many small ones change, all are listed whole', async () => {
  for (let nth = 0; nth < 30; nth += 1) create(`net-${nth}`);
  await look();
  for (let nth = 0; nth < 21; nth += 1) change(`net-${nth}`, '{"a":1}');
  const { configs, calls } = await look();
  expect(configs).toMatchObject({ 'net-20': '{"a":1}', 'net-21': '{}' });
  expect(calls).toBe(2);
});

test('one that goes and comes again under its name is the new one', async () => {
  create('a');
  create('b', '{"b":1}');
  const before = await look();
  remove('b');
  create('b', '{"b":2}');
  const { configs, networks } = await look();
  expect(configs).toEqual({ a: '{}', b: '{"b":2}' });
  expect(networks.at(-1)?.uid).not.toBe(before.networks.at(-1)?.uid);
});

test('a definition is named to the API server by what it is called, in its namespace', async () => {
  create('a');
  await look();
  api.objects.create('namespaces', { metadata: { name: 'other' } });
  const of = (namespace: string) => ({
    metadata: { namespace, name: 'b' },
    spec: { config: '{}' },
  });
  for (const namespace of ['default', 'other']) api.objects.create(NETWORKS, of(namespace));
  const { networks } = await look();
  const names = networks.map(({ namespace, name }) => `${namespace}/${name}`).toSorted();
  expect(names).toEqual(['default/a', 'default/b', 'other/b']);
});

describe('if the definitions are more than a list is to read', () => {
  beforeEach(async () => {
    ({ api, kubernetes } = await connectedKubernetes({ bytesOfNetworks: 5_000_000 }));
    for (let nth = 0; nth < 60; nth += 1) create(`large-${nth + 10}`, MEGABYTE);
  });

  const unreadOf = ({ networks }: Awaited<ReturnType<typeof look>>) =>
    networks.filter(({ unread }) => unread).map(({ name }) => name);

  test('it reads as many as it is to, and no page to its end, and so do further lists', async () => {
    const first = await look();
    expect([first.networks.length, unreadOf(first).length]).toEqual([60, 55]);
    const second = await look();
    expect([second.networks.length, unreadOf(second).length, second.calls]).toEqual([60, 55, 1]);
  });

  test('it reads others when it has less than that, as some went', async () => {
    await look();
    for (let nth = 0; nth < 20; nth += 1) remove(`large-${nth + 10}`);
    // Ten are read at a time.
    expect(unreadOf(await look())).toHaveLength(30);
  });

  test('one that is left unread is read when somebody asks for it, once for all who do', async () => {
    const { networks } = await look();
    const wanted = networks.filter(({ name, unread }) => unread && name === 'large-69');
    api.forgetCalls();
    const read = () => kubernetes.readNetworkAttachmentDefinitions(wanted);
    const all = await Promise.all([read(), read()]);
    all.push(await read());
    expect(all.map((each) => each.map(({ name, tooLong }) => [name, tooLong]))).toEqual(
      Array.from({ length: 3 }, () => [['large-69', expect.stringContaining('1000000')]]),
    );
    expect(api.calls).toHaveLength(1);
    const after = await look();
    expect(unreadOf(after)).not.toContain('large-69');
  });

  test('one that is left unread and changed or went is read as it is now, or left out', async () => {
    const { networks } = await look();
    const wanted = networks.filter(({ name }) => ['large-68', 'large-69'].includes(name));
    change('large-68', '{"new":1}');
    remove('large-69');
    const read = await kubernetes.readNetworkAttachmentDefinitions(wanted);
    expect(read.map(({ name, config }) => [name, config])).toEqual([['large-68', '{"new":1}']]);
  });

  test('it says of what is unread whether it is to be ignored', async () => {
    const ignored = { namespace: 'default', name: 'large-69', annotations: { [IGNORE]: 'true' } };
    api.objects.patch(NETWORKS, { namespace: 'default', name: 'large-69' }, { metadata: ignored });
    const { networks } = await look();
    const { networks: parsed, unreadable } = parseNetworks(networks);
    expect(parsed.get('default/large-69')?.ignored).toBe(true);
    expect([parsed.has('default/large-68'), unreadable.length]).toEqual([false, 5]);
  });
});

test('whatever comes, changes and goes, the list is what a whole one would be', async () => {
  const name = fc.constantFrom('a', 'b', 'c');
  const event = fc.record({ name, to: fc.constantFrom('gone', '{}', '{"a":1}', MEGABYTE) });
  await fc.assert(
    fc.asyncProperty(fc.array(fc.array(event), { maxLength: 6 }), async (rounds) => {
      for (const { metadata } of api.objects.list(NETWORKS)) remove(metadata.name);
      for (const events of rounds) {
        for (const { name: which, to } of events) {
          const found = api.objects.find(NETWORKS, { namespace: 'default', name: which });
          if (to === 'gone') found && remove(which);
          else if (found) change(which, to);
          else create(which, to);
        }
        const { networks } = await look();
        const byName = (a: { name: string }, b: { name: string }) => (a.name < b.name ? -1 : 1);
        const small = networks.map(({ large: _, ...network }) => network);
        const whole = api.objects.list(NETWORKS).map(networkFromObject);
        expect(small.toSorted(byName)).toEqual(whole.toSorted(byName));
      }
    }),
    { numRuns: 30 },
  );
});

test('definitions are told apart by uid and resourceVersion, and read again without one', async () => {
  const { api, kubernetes } = await startClientBed();
  onTestFinished(() => api.stop());
  const metadata = { namespace: 'demo', name: 'a', uid: 'u' };
  api.answer(() => listOf([{ metadata, spec: { config: '{}' } }]));
  const networks = await kubernetes.listNetworkAttachmentDefinitions();
  expect(await kubernetes.listNetworkAttachmentDefinitions()).toEqual(networks);
  expect(api.requests.at(-1)).toMatchObject({
    path: '/apis/k8s.cni.cncf.io/v1/namespaces/demo/network-attachment-definitions',
    query: { fieldSelector: 'metadata.name=a' },
  });
});
