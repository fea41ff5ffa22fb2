import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import * as z from 'zod';
import { IGNORE, NETWORKS } from '../../shared/cluster/annotations.ts';
import { tokenTransport } from '../../shared/cluster/authenticated-transport.ts';
import { PATHS } from '../../shared/cluster/paths.ts';
import { readText } from '../../shared/cluster/transport.ts';
import { patience } from '../support/machine.ts';
import { type PlaneBed, startPlaneBed } from './support/plane-bed.ts';

const FOLDER = join(import.meta.dirname, '..', '..', 'deploy', 'room');
const LABELLED = { 'multus-eni.dev/room': 'enabled' };
const OWN = 'multus-eni.dev/default.net-1';
const OWN_PATH = `/status/capacity/${OWN.replace('/', '~1')}`;
const nodeStatus = z.object({ status: z.object({ capacity: z.record(z.string(), z.string()) }) });
const admitted = z.object({
  spec: z.object({
    containers: z.array(
      z.object({
        resources: z.object({
          requests: z.record(z.string(), z.string()).default({}),
          limits: z.record(z.string(), z.string()).default({}),
        }),
      }),
    ),
  }),
});

/* What deploy/room lets the functions do, and has pods request, by a real API server. */
let bed: PlaneBed;
const kubectl = (...args: string[]) => bed.plane.kubectl(args);
const create = (object: object, ...args: string[]) =>
  bed.plane.kubectl(['create', '--filename=-', ...args], { input: JSON.stringify(object) });
const patchStatus = (operations: readonly object[]) =>
  kubectl(
    ...['patch', 'node', 'worker', '--subresource=status', '--type=json'],
    `--patch=${JSON.stringify(operations)}`,
  );
/** As the functions do: kubectl would read the status too. */
const asFunctions = async (operations: readonly object[]): Promise<void> => {
  const { server, caData } = bed.plane;
  const transport = tokenTransport({ server, caData, token: bed.functionsToken });
  const response = await transport({
    method: 'PATCH',
    path: PATHS.nodeStatus('worker'),
    body: operations,
    contentType: 'application/json-patch+json',
    signal: AbortSignal.timeout(patience(10_000)),
  });
  await readText(response, 1e6);
};

beforeAll(async () => {
  bed = await startPlaneBed();
  await create({ apiVersion: 'v1', kind: 'Node', metadata: { name: 'worker' } });
  const amounts = { cpu: '2', pods: '110', 'example.com/gpu': '3' };
  const status = { capacity: amounts, allocatable: amounts };
  await patchStatus([{ op: 'add', path: '/status', value: status }]);
  await kubectl('label', 'namespace', 'default', 'multus-eni.dev/room=enabled');
  await kubectl('create', 'namespace', 'other');
  for (const [name, labels] of [
    ['net-1', LABELLED],
    ['net.2', LABELLED],
    ['unlabelled', {}],
    ['n'.repeat(60), LABELLED],
  ] as const) {
    const kind = { apiVersion: 'k8s.cni.cncf.io/v1', kind: 'NetworkAttachmentDefinition' };
    await create({ ...kind, metadata: { name, labels }, spec: { config: '{}' } });
  }
});
afterAll(() => bed?.stop());

describe('a Node’s status', () => {
  const own = [{ op: 'add', path: OWN_PATH, value: '9' }];
  test('is nobody’s to patch before deploy/room is applied', async () => {
    await expect(asFunctions(own)).rejects.toThrow(/cannot patch resource .*nodes\/status/);
    await kubectl('apply', '--kustomize', FOLDER);
    let tries = 0;
    const foreign = () => {
      tries += 1;
      return [{ op: 'add', path: '/status/capacity/example.com~1tried', value: `${tries}` }];
    };
    // A policy is in force a little later than it is there.
    await vi.waitFor(() => expect(asFunctions(foreign())).rejects.toThrow(ONLY), 20_000);
  });

  const ONLY = /may change only the extended resources multus-eni.dev/;
  test.for([
    ['somebody else’s resource', { op: 'add', path: '/status/capacity/a.b~1c', value: '1' }],
    ['what somebody else says', { op: 'add', path: '/status/capacity/cpu', value: '64' }],
    ['what is there of it', { op: 'remove', path: '/status/capacity/example.com~1gpu' }],
    ['what may be used', { op: 'add', path: '/status/allocatable/pods', value: '1' }],
    ['a label', { op: 'add', path: '/metadata/labels', value: { a: 'b' } }],
    ['an annotation', { op: 'add', path: '/metadata/annotations', value: { a: 'b' } }],
    ['a finalizer', { op: 'add', path: '/metadata/finalizers', value: ['a.b/c'] }],
    [
      'whether it is ready',
      {
        op: 'add',
        path: '/status/conditions',
        value: [{ type: 'Ready', status: 'False', lastHeartbeatTime: null }],
      },
    ],
    [
      'its addresses',
      {
        op: 'add',
        path: '/status/addresses',
        value: [{ type: 'InternalIP', address: '10.0.0.1' }],
      },
    ],
    [
      'its volumes',
      {
        op: 'add',
        path: '/status/volumesAttached',
        value: [{ name: 'a', devicePath: 'b' }],
      },
    ],
    [
      'the kubelet’s port',
      {
        op: 'add',
        path: '/status/daemonEndpoints',
        value: { kubeletEndpoint: { Port: 1 } },
      },
    ],
  ] as const)('is not the functions’ to change by %s', async ([, operation]) => {
    await expect(asFunctions([operation])).rejects.toThrow(ONLY);
  });

  test('is theirs as to the room, and the Node itself is not', async () => {
    await asFunctions([...own, { ...own[0], path: OWN_PATH.replace('capacity', 'allocatable') }]);
    const { status } = nodeStatus.parse(
      JSON.parse(await kubectl('get', 'node', 'worker', '-o=json')),
    );
    expect(status.capacity).toMatchObject({ [OWN]: '9', 'example.com/gpu': '3' });
    await asFunctions([{ op: 'remove', path: OWN_PATH }]);
    const token = `--token=${await bed.functionsToken()}`;
    await expect(kubectl('label', 'node', 'worker', 'a=b', token)).rejects.toThrow(/orbidden/);
  });

  test('is anybody else’s as before', async () => {
    await patchStatus([{ op: 'add', path: '/status/capacity/example.com~1gpu', value: '4' }]);
  });
});

describe('a pod', () => {
  let count = 0;
  const request = async (
    networks: string,
    { annotations = {}, namespace = 'default', spec = {} }: Record<string, object | string> = {},
  ) => {
    count += 1;
    const containers = [
      { name: 'app', image: 'app' },
      { name: 'more', image: 'app' },
    ];
    const pod = {
      apiVersion: 'v1',
      kind: 'Pod',
      metadata: {
        name: `pod-${count}`,
        namespace,
        annotations: { ...(networks && { [NETWORKS]: networks }), ...(annotations as object) },
      },
      spec: { containers, ...(spec as object) },
    };
    const made = admitted.parse(JSON.parse(await create(pod, '--dry-run=server', '--output=json')));
    const [first, second] = made.spec.containers;
    expect(second?.resources).toEqual({ requests: {}, limits: {} });
    expect(first?.resources.limits).toEqual(first?.resources.requests);
    return first?.resources.requests;
  };
  const SECOND = 'multus-eni.dev/default.net.2';

  beforeAll(async () => {
    for (const namespace of ['default', 'other']) {
      const wait = ['wait', '--for=create', 'serviceaccount/default'];
      await kubectl(...wait, `--namespace=${namespace}`);
    }
    await vi.waitFor(async () => expect(await request('net-1')).toEqual({ [OWN]: '1' }), 20_000);
  });

  test.for([
    ['net-1', { [OWN]: '1' }],
    ['default/net-1@net9', { [OWN]: '1' }],
    [' net-1 , net.2,net-1', { [OWN]: '2', [SECOND]: '1' }],
    ['netx2', {}],
    ['[{"name":"net-1"},{"name":"net.2","namespace":"default"}]', { [OWN]: '1', [SECOND]: '1' }],
    [
      '[{"name": "net-1", "ips": ["172.16.1.70"], "cni-args": {"a": {}}}, {"name": "net-1"}]',
      { [OWN]: '2' },
    ],
    ['[{"name":"net-1","namespace":"other"}]', {}],
    ['other/net-1', {}],
    ['unlabelled, bridge', {}],
    ['n'.repeat(60), {}],
    ['[{"name":', {}],
    ['{"name', {}],
    [Array.from({ length: 1_000 }, (_, index) => `network-${index}`).join(','), {}],
    [Array.from({ length: 300 }, (_, index) => `net-${index}`).join(','), { [OWN]: '1' }],
    ['', {}],
  ] as const)('that asks for %s requests as many', async ([networks, expected]) => {
    expect(await request(networks)).toEqual(expected);
  });

  test('that claims nothing, or is elsewhere, requests nothing', async () => {
    expect(await request('net-1', { spec: { hostNetwork: true } })).toEqual({});
    expect(await request('net-1', { annotations: { [IGNORE]: 'true' } })).toEqual({});
    expect(await request('net-1', { namespace: 'other' })).toEqual({});
  });

  test('keeps what it requests besides, and what it requests of this itself', async () => {
    const app = (resources: object) => ({
      spec: {
        containers: [
          { name: 'app', image: 'app', resources },
          { name: 'more', image: 'app' },
        ],
      },
    });
    const cpu = { cpu: '1' };
    expect(await request('net-1', app({ requests: cpu, limits: cpu }))).toEqual({
      cpu: '1',
      [OWN]: '1',
    });
    const three = { [OWN]: '3' };
    expect(await request('net-1', app({ requests: three, limits: three }))).toEqual(three);
    expect(await request('net-1', app({ limits: three }))).toEqual(three);
  });
});
