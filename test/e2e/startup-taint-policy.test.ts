import { join } from 'node:path';
import { afterAll, beforeAll, expect, test, vi } from 'vitest';
import * as z from 'zod';
import { type PlaneBed, startPlaneBed } from './support/plane-bed.ts';

const FOLDER = join(import.meta.dirname, '..', '..', 'deploy', 'startup-taint');
const TAINT = 'multus-eni.dev/multus-not-ready';
const STARTUP = { key: TAINT, effect: 'NoSchedule' };
const OTHER = { key: 'example.com/dedicated', value: 'telco', effect: 'PreferNoSchedule' };
const NAME = 'multus-eni-startup-taint';
const IN_SYSTEM = '--namespace=kube-system';
const tainted = z.object({
  spec: z.object({ taints: z.array(z.object({ key: z.string() })).default([]) }),
});

/* What the account of deploy/startup-taint may do, by a real API server: RBAC and the policy together. */
let bed: PlaneBed;
let token: string;
const kubectl = (...args: string[]) => bed.plane.kubectl(args);
const as = (...args: string[]) => kubectl(`--token=${token}`, ...args);

beforeAll(async () => {
  bed = await startPlaneBed();
  for (const name of ['own', 'other']) {
    const node = {
      apiVersion: 'v1',
      kind: 'Node',
      metadata: { name },
      spec: { taints: [STARTUP, OTHER] },
    };
    await bed.plane.kubectl(['create', '--filename=-'], { input: JSON.stringify(node) });
  }
  await kubectl('apply', '--kustomize', FOLDER);
  const spec = {
    ...{ serviceAccountName: NAME, nodeName: 'own', tolerations: [{ operator: 'Exists' }] },
    containers: [{ name: 'untaint', image: 'app' }],
  };
  const pod = { apiVersion: 'v1', kind: 'Pod', metadata: { name: 'untaint' }, spec };
  const create = ['create', IN_SYSTEM, '--filename=-'];
  await bed.plane.kubectl(create, { input: JSON.stringify(pod) });
  const bound = ['--bound-object-kind=Pod', '--bound-object-name=untaint'];
  token = (await kubectl('create', 'token', NAME, IN_SYSTEM, ...bound)).trim();
  // A policy is in force a little later than it is there.
  const label = ['label', 'node', 'own', 'example.com/tried=1', '--dry-run=server'];
  await vi.waitFor(() => expect(as(...label)).rejects.toThrow(/may only take the taint/), 20_000);
});
afterAll(() => bed?.stop());

const taintsOf = async (name: string): Promise<string[]> =>
  tainted
    .parse(JSON.parse(await kubectl('get', 'node', name, '--output=json')))
    .spec.taints.map(({ key }) => key);
const ONLY = /may only take the taint multus-eni.dev\/multus-not-ready away/;

test.for([
  ['a label', ['label', 'node', 'own', 'example.com/tried=1'], ONLY],
  ['an annotation', ['annotate', 'node', 'own', 'example.com/tried=1'], ONLY],
  ['a finalizer', ['patch', 'node', 'own', '--patch={"metadata":{"finalizers":["a.b/c"]}}'], ONLY],
  ['whether pods come', ['patch', 'node', 'own', '--patch={"spec":{"unschedulable":true}}'], ONLY],
  ['a taint of its own', ['taint', 'node', 'own', 'example.com/tried=1:NoSchedule'], ONLY],
  ['somebody else’s taint', ['taint', 'node', 'own', 'example.com/dedicated-'], ONLY],
  ['another node', ['taint', 'node', 'other', `${TAINT}-`], /only the node that its pod runs on/],
  ['whether a node is there', ['delete', 'node', 'own', '--wait=false'], /orbidden/],
  [
    'a node’s status',
    ['patch', 'node', 'own', '--subresource=status', '--patch={"status":{}}'],
    /orbidden/,
  ],
] as const)('it may not change %s', async ([, args, why]) => {
  await expect(as(...args)).rejects.toThrow(why);
});

test('it may not list nodes, nor read pods and Secrets', async () => {
  for (const what of ['nodes', 'pods', 'secrets'])
    await expect(as('get', what)).rejects.toThrow(/orbidden/);
});

test('it takes the startup taint from its own node', async () => {
  await as('taint', 'node', 'own', `${TAINT}-`);
  expect(await taintsOf('own')).not.toContain(TAINT);
  expect(await taintsOf('own')).toContain(OTHER.key);
  expect(await taintsOf('other')).toEqual(expect.arrayContaining([TAINT, OTHER.key]));
});

test('nobody else is bound by it', async () => {
  await kubectl('label', 'node', 'other', 'example.com/tried=1');
  await kubectl('taint', 'node', 'other', `${TAINT}-`);
});
