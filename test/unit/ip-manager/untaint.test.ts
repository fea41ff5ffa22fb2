import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, onTestFinished, test, vi } from 'vitest';
import * as z from 'zod';
import { isMultusFirst, untaint } from '../../../ip-manager/commands/untaint.ts';
import { readEnvironment } from '../../../ip-manager/environment.ts';
import { ownNode } from '../../../ip-manager/node/own-node.ts';
import { ADMIN_TOKEN } from '../../../sandbox/kubernetes/authentication.ts';
import { startKubernetes } from '../../../sandbox/kubernetes/kubernetes.ts';
import { systemClock } from '../../../shared/time/clock.ts';
import { temporaryFolder } from '../../support/temporary-folder.ts';
import { podEnvironment } from './api-server.ts';
import { outsideOf, startBed } from './bed.ts';
import { SOON } from './running-sidecar.ts';

const STARTUP = { key: 'multus-eni.dev/multus-not-ready', effect: 'NoSchedule' };
const OTHER = { key: 'example.com/dedicated', value: 'telco', effect: 'NoExecute' };
const tainted = z.object({ spec: z.object({ taints: z.array(z.unknown()).default([]) }) });

/** A node with these taints, of which the program runs on the one called `worker`. */
async function start(taints: readonly object[], env: Readonly<Record<string, string>> = {}) {
  const verbs = new Set(['get', 'patch']);
  const api = await startKubernetes({
    authenticate: (token) => (token === ADMIN_TOKEN ? { username: 'it', groups: [] } : undefined),
    authorize: (_, { verb, resource }) => resource === 'nodes' && verbs.has(verb),
  });
  onTestFinished(() => api.stop());
  for (const name of ['worker', 'other']) {
    api.objects.create('nodes', { metadata: { name }, spec: { taints } });
  }
  const folder = await temporaryFolder();
  await writeFile(join(folder, '10-aws.conflist'), '{}');
  const environment = { ...(await podEnvironment(api)), CNI_DIRECTORY: folder, ...env };
  const bed = await startBed();
  const read = readEnvironment({ NODE_NAME: 'worker', ...environment });
  const outside = {
    ...outsideOf(bed, bed.addWorker()),
    environment: read,
    ownNode: () => ownNode(read, systemClock),
  };
  const ending = new AbortController();
  onTestFinished(() => ending.abort());
  const running = untaint(outside, ending.signal);
  running.catch(() => {});
  const taintsOf = (name: string) => tainted.parse(api.objects.get('nodes', { name })).spec.taints;
  return {
    ...{ running, taintsOf, verbs, said: outside.said },
    writeMultus: () => writeFile(join(folder, '00-multus.conf'), '{}'),
  };
}

test('the taint goes once Multus is first, and no other taint, of no other node', async () => {
  const { running, said, taintsOf, writeMultus } = await start([STARTUP, OTHER]);
  await vi.waitFor(() => expect(said).toHaveLength(1), SOON);
  expect(taintsOf('worker')).toHaveLength(2);
  await writeMultus();
  await running;
  expect(taintsOf('worker')).toEqual([OTHER]);
  expect(taintsOf('other')).toEqual([STARTUP, OTHER]);
  expect(said.at(-1)).toBe(`node worker: removed taint ${STARTUP.key}`);
});

test('all taints of the key go, whatever their effect', async () => {
  const noExecute = { ...STARTUP, effect: 'NoExecute' };
  const { running, taintsOf, writeMultus } = await start([STARTUP, OTHER, noExecute]);
  await writeMultus();
  await running;
  expect(taintsOf('worker')).toEqual([OTHER]);
});

test.for([
  [['00-multus.conf', '10-aws.conflist'], true],
  [['10-aws.conflist', '00-multus.conf'], true],
  [['10-aws.conflist', '99-multus.conf'], false],
  [['00-multus.kubeconfig', '10-aws.conflist'], false],
  [['multus.d', '10-aws.conflist'], false],
  [['10-aws.conflist'], false],
  [[], false],
] as const)('of the files %j the container runtime takes Multus’: %s', ([names, isFirst]) => {
  expect(isMultusFirst(names)).toBe(isFirst);
});

test('a node without the taint is left as it is', async () => {
  const { running, said, taintsOf, writeMultus } = await start([OTHER]);
  await writeMultus();
  await running;
  expect(taintsOf('worker')).toEqual([OTHER]);
  expect(said.at(-1)).toBe(`node worker: had no taint ${STARTUP.key}`);
});

test('a right that is missing is told, and waited for', async () => {
  const { running, said, taintsOf, verbs, writeMultus } = await start([STARTUP]);
  verbs.delete('patch');
  await writeMultus();
  await vi.waitFor(() => expect(said.at(-1)).toMatch(/not removed yet: .*forbidden/i), SOON);
  verbs.add('patch');
  await running;
  expect(taintsOf('worker')).toEqual([]);
});

test('a folder that is not there, and a node without a name, end it with what to set', async () => {
  const noFolder = await start([], { CNI_DIRECTORY: '/nowhere' });
  await expect(noFolder.running).rejects.toMatchObject({
    exitCode: 2,
    message: expect.stringContaining('CNI_DIRECTORY'),
  });
  const noName = await start([], { NODE_NAME: '' });
  await expect(noName.running).rejects.toMatchObject({
    exitCode: 2,
    message: expect.stringContaining('NODE_NAME'),
  });
});
