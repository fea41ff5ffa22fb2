import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import * as z from 'zod';
import { tokenTransport } from '../../shared/cluster/authenticated-transport.ts';
import { CONDITION_TYPE } from '../../shared/cluster/kubernetes.ts';
import { PATHS } from '../../shared/cluster/paths.ts';
import { readText } from '../../shared/cluster/transport.ts';
import { patience } from '../support/machine.ts';
import { type PlaneBed, startPlaneBed } from './support/plane-bed.ts';

const AS_KUBELET = ['--as=system:node:worker', '--as-group=system:nodes'];
const ONLY_OURS = /may change only the condition multus-eni.dev\/ips-assigned/;
const ONLY_THEY = /only the functions of multus-eni-reconciler may change the condition/;
const pod = z.object({
  status: z.object({
    conditions: z.array(z.looseObject({ type: z.string(), status: z.string() })).default([]),
  }),
});
type Condition = Readonly<Record<'type' | 'status', string> & { message?: string }>;
const condition = (type: string, status: string): Condition => ({ type, status });
const ours = (status: string): Condition => ({
  ...condition(CONDITION_TYPE, status),
  message: 'm',
});
const MERGE = 'application/strategic-merge-patch+json';

/* What the policies of deploy/base let the functions and others do to a pod, by a real API server. */
let bed: PlaneBed;
const kubectl = (...args: string[]) => bed.plane.kubectl(args);
const patchAs = (who: readonly string[], patch: object, ...args: string[]) =>
  kubectl('patch', 'pod', 'app', `--patch=${JSON.stringify(patch)}`, ...args, ...who);
const statusAs = (who: readonly string[], patch: object) =>
  patchAs(who, patch, '--subresource=status');
/** As the functions do: kubectl would read the pod too. */
async function asFunctions(patch: object, contentType = MERGE): Promise<void> {
  const { server, caData } = bed.plane;
  const transport = tokenTransport({ server, caData, token: bed.functionsToken });
  const response = await transport({
    method: 'PATCH',
    path: PATHS.podStatus('default', 'app'),
    body: patch,
    contentType,
    signal: AbortSignal.timeout(patience(10_000)),
  });
  await readText(response, 1e6);
}
const inConditions = (...conditions: readonly Condition[]) => ({ status: { conditions } });
async function statusOf(type: string): Promise<string | undefined> {
  const { status } = pod.parse(JSON.parse(await kubectl('get', 'pod', 'app', '--output=json')));
  return status.conditions.find((one) => one.type === type)?.status;
}

beforeAll(async () => {
  bed = await startPlaneBed();
  const create = (object: object) =>
    bed.plane.kubectl(['create', '--filename=-'], { input: JSON.stringify(object) });
  await create({ apiVersion: 'v1', kind: 'Node', metadata: { name: 'worker' } });
  await kubectl('wait', '--for=create', 'serviceaccount/default');
  await create({
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { name: 'app', labels: { app: 'app' }, annotations: { note: 'a' } },
    spec: {
      nodeName: 'worker',
      tolerations: [{ operator: 'Exists' }],
      containers: [{ name: 'app', image: 'app' }],
    },
  });
  // kubectl reads before it patches, which a kubelet does by another path.
  const read = ['clusterrole', 'status-reader', '--verb=get', '--resource=pods/status'];
  await kubectl('create', ...read);
  const bound = ['--clusterrole=status-reader', '--group=system:nodes'];
  await kubectl('create', 'clusterrolebinding', 'status-reader', ...bound);
  const began = { phase: 'Running', conditions: [condition('Ready', 'False')] };
  await statusAs(AS_KUBELET, { status: began });
  // A policy is in force a little later than it is there, and both admit a patch that changes nothing.
  let tries = 0;
  await vi.waitFor(async () => {
    const status = tries++ % 2 ? 'True' : 'False';
    const foreign = inConditions(condition('example.com/tried', status));
    await expect(asFunctions(foreign)).rejects.toThrow(ONLY_OURS);
    await expect(statusAs([], inConditions(ours(status)))).rejects.toThrow(ONLY_THEY);
  }, patience(20_000));
});
afterAll(() => bed?.stop());

const FOREIGN: readonly (readonly [string, object])[] = [
  ['whether it is ready', inConditions(condition('Ready', 'True'))],
  ['a condition besides their own', inConditions(ours('False'), condition('a.b/c', 'True'))],
  ['what is there of the conditions', { status: { conditions: [{ $patch: 'replace' }] } }],
  ['its phase', { status: { phase: 'Failed' } }],
  ['the reason of its phase', { status: { reason: 'Evicted' } }],
  ['the message of its phase', { status: { message: 'ended' } }],
  ['its addresses', { status: { podIP: '10.0.0.1', podIPs: [{ ip: '10.0.0.1' }] } }],
  ['its node’s addresses', { status: { hostIP: '10.0.0.1', hostIPs: [{ ip: '10.0.0.1' }] } }],
  ['when it began', { status: { startTime: '2026-01-01T00:00:00Z' } }],
  [
    'how its containers are',
    {
      status: {
        containerStatuses: [
          { name: 'app', image: 'app', imageID: '', ready: true, restartCount: 0 },
        ],
      },
    },
  ],
  ['a label', { metadata: { labels: { app: 'other' } } }],
  ['an annotation', { metadata: { annotations: { 'k8s.v1.cni.cncf.io/network-status': '[]' } } }],
  [
    'an annotation beside their condition',
    { ...inConditions(ours('False')), metadata: { annotations: { a: 'b' } } },
  ],
  ['a finalizer', { metadata: { finalizers: ['a.b/c'] } }],
];

describe('the functions', () => {
  test('set their condition, change it, and leave all others', async () => {
    await asFunctions(inConditions(ours('False')));
    expect(await statusOf(CONDITION_TYPE)).toBe('False');
    await asFunctions(inConditions(ours('True')));
    expect(await statusOf(CONDITION_TYPE)).toBe('True');
    expect(await statusOf('Ready')).toBe('False');
  });

  test.each(FOREIGN)('do not change %s of a pod', async (_, patch) => {
    await expect(asFunctions(patch)).rejects.toThrow(ONLY_OURS);
  });

  test('do not change it by another kind of patch either', async () => {
    const operation = { op: 'add', path: '/metadata/labels/app', value: 'other' };
    await expect(asFunctions([operation], 'application/json-patch+json')).rejects.toThrow(
      ONLY_OURS,
    );
  });
});

describe('their condition', () => {
  const groups = (group: string) => ['--as=somebody', `--as-group=${group}`];
  test.each([
    ['an administrator', []],
    ['a member of system:masters', groups('system:masters')],
    ['the kubelet', AS_KUBELET],
  ] as const)('is not changed by %s', async (_, who) => {
    await asFunctions(inConditions(ours('True')));
    await expect(statusAs(who, inConditions(ours('False')))).rejects.toThrow(ONLY_THEY);
    const removal = { status: { conditions: [{ $patch: 'delete', type: CONDITION_TYPE }] } };
    await expect(statusAs(who, removal)).rejects.toThrow(ONLY_THEY);
    expect(await statusOf(CONDITION_TYPE)).toBe('True');
  });

  test('stays while the kubelet tells everything else, and others label the pod', async () => {
    await asFunctions(inConditions(ours('True')));
    const containers = [{ name: 'app', image: 'app', imageID: '', ready: true, restartCount: 1 }];
    const conditions = [condition('Ready', 'True'), condition('ContainersReady', 'True')];
    const status = { phase: 'Running', podIP: '10.1.2.3', podIPs: [{ ip: '10.1.2.3' }] };
    const order = { '$setElementOrder/conditions': conditions.map(({ type }) => ({ type })) };
    await statusAs(AS_KUBELET, {
      status: { ...status, ...order, conditions, containerStatuses: containers },
    });
    await patchAs([], { metadata: { labels: { app: 'other' }, annotations: { a: 'b' } } });
    expect(await statusOf('Ready')).toBe('True');
    expect(await statusOf(CONDITION_TYPE)).toBe('True');
  });
});
