import { readFileSync } from 'node:fs';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { PROBE_LABEL } from '../../shared/probe.ts';
import { NET_1 } from '../support/networks.ts';
import { type PlaneBed, startPlaneBed } from './support/plane-bed.ts';
import { rowsIn, startProbe } from './support/probing.ts';

/*
 * What docs/reference/probe.md says that a probe needs to be allowed is enough, and all of it is needed.
 * Nothing runs the pods: they wait for a node that has room.
 */

const PAGE = readFileSync('docs/reference/probe.md', 'utf8');
/** The page's commands, for the namespace default. */
const ROLES = [...PAGE.matchAll(/^kubectl (create role .*)$/gm)].map(([, line = '']) =>
  line.replace('<namespace>', 'default').split(' '),
);
const USER = 'prober';

describe('who may what docs/reference/probe.md lists', () => {
  let bed: PlaneBed;
  let folder: string;
  let args: readonly string[];

  beforeAll(async () => {
    bed = await startPlaneBed();
    folder = await mkdtemp(join(tmpdir(), 'prober-'));
    await bed.cluster.applyNetwork(NET_1);
    const workers = [await bed.cluster.addWorker(), await bed.cluster.addWorker()];
    const { kubectl } = bed.plane;
    // What all commands need.
    const all = 'pods,nodes,network-attachment-definitions.k8s.cni.cncf.io';
    await kubectl(['create', 'clusterrole', 'looker', '--verb=list', `--resource=${all}`]);
    await kubectl([
      'create',
      'clusterrolebinding',
      'looker',
      '--clusterrole=looker',
      `--user=${USER}`,
    ]);
    for (const line of ROLES) {
      await kubectl(line);
      const [, , name = ''] = line;
      await kubectl([
        'create',
        'rolebinding',
        name,
        `--role=${name}`,
        `--user=${USER}`,
        '--namespace=default',
      ]);
    }
    const file = join(folder, 'kubeconfig');
    await writeFile(file, await bed.plane.kubeconfigFor({ name: USER }));
    const nodes = workers.map(({ name }) => name).join(',');
    args = [
      ...['--network', NET_1.name, '--ips', '172.16.1.70/24,172.16.1.71/24', '--timeout', '20'],
      ...['--image', 'none', '--kubeconfig', file, '--nodes', nodes, '--json'],
    ];
  });
  afterAll(async () => {
    await bed?.stop();
    if (folder !== undefined) await rm(folder, { recursive: true, force: true });
  });

  const podsLeft = async () =>
    (await bed.api.list('pods')).filter(({ metadata }) => metadata.labels?.[PROBE_LABEL]);

  test('may probe, and leaves nothing', async () => {
    const { code, stdout, stderr } = await startProbe(args, bed.world.environment).ended;
    expect({ code, stderr }).toEqual({ code: 4, stderr: expect.not.stringContaining('cannot') });
    expect(rowsIn(stdout)[0]).toMatchObject({
      code: 'pod-not-started',
      text: expect.stringMatching(/nodes are available/),
    });
    expect(await podsLeft()).toEqual([]);
  });

  test.each([
    ['multus-eni-probe', 'create', 'cannot create resource "pods"'],
    ['multus-eni-probe', 'delete', 'cannot delete resource "pods"'],
    ['multus-eni-probe', 'patch', 'cannot patch resource "pods"'],
    ['multus-eni-probe', 'watch', 'cannot watch resource "pods"'],
    ['multus-eni-probe-log', 'get', 'cannot get resource "pods/log"'],
  ])('is told what is lacking if the role %s has no %s', async (role, verb, says) => {
    const path = `/apis/rbac.authorization.k8s.io/v1/namespaces/default/roles/${role}`;
    const whole = await bed.api.call('GET', path);
    const without = JSON.parse(JSON.stringify(whole), (key, value: unknown) =>
      key === 'verbs' && Array.isArray(value) ? value.filter((each) => each !== verb) : value,
    );
    await bed.api.call('PUT', path, without);
    try {
      const { code, stderr } = await startProbe(args, bed.world.environment).ended;
      expect(stderr).toContain(says);
      expect(code).toBe(1);
      expect(await podsLeft()).toEqual([]);
    } finally {
      delete without.metadata.resourceVersion;
      await bed.api.call('PUT', path, { ...without, rules: rulesIn(whole) });
    }
  });
});

function rulesIn(role: unknown): unknown {
  return typeof role === 'object' && role !== null && 'rules' in role ? role.rules : [];
}
