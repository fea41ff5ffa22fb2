import { execFile } from 'node:child_process';
import { readFile, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { expect, test } from 'vitest';
import { FLOATING_IPS } from '../../../shared/cluster/annotations.ts';
import { NET_1 } from '../../support/networks.ts';
import { temporaryFolder } from '../../support/temporary-folder.ts';
import { operatorBed } from './operator-bed.ts';

const X = '172.16.1.70';
const HOSTILE = `<script>alert(1)</script>\u001b[2J${'A'.repeat(50_000)}`;

/** A bundle of a cluster with a pod that lacks its address, unpacked by tar. */
async function bundled(...more: string[]) {
  const operator = await operatorBed();
  const { cluster, workers, operate, bed, kubeconfig } = operator;
  const [a] = workers;
  if (a === undefined) throw new Error('a worker');
  await cluster.applyNetwork(NET_1);
  await cluster.runPod('app', { on: a, networks: [{ network: NET_1, ips: [X] }] });
  await cluster.runPod('hostile', { on: a, annotations: { [FLOATING_IPS]: HOSTILE } });
  const folder = await temporaryFolder();
  const file = join(folder, 'b.tgz');
  const ended = await operate(['bundle', '--stage', 'demo', '--out', file, ...more]);
  expect(ended).toMatchObject({ code: 0, stderr: '' });
  await promisify(execFile)('tar', ['-C', folder, '-xzf', file]);
  const { stdout } = await promisify(execFile)('tar', ['-tzf', file]);
  const names = stdout.trim().split('\n');
  const texts = await Promise.all(names.map((name) => readFile(join(folder, name), 'utf8')));
  const files = new Map(names.map((name, index) => [name, texts[index] ?? '']));
  return { files, file, a, world: bed.world, kubeconfig };
}

test('is an archive, for its owner alone, with a page that names all of it', async () => {
  const { files, file, a } = await bundled();
  expect((await stat(file)).mode & 0o777).toBe(0o600);
  expect([...files.keys()]).toEqual([
    'index.html',
    'about.json',
    'status.json',
    'drift.json',
    'nodes.json',
    'networks.json',
    'pods.json',
  ]);
  const page = files.get('index.html') ?? '';
  for (const name of files.keys()) if (name !== 'index.html') expect(page).toContain(name);
  expect(page).toContain("default-src 'none'");
  expect(files.get('nodes.json')).toContain(a.eth1);
  expect(files.get('pods.json')).toContain('cannot be read');
});

test('has no secret that the run knew', async () => {
  const { files, world, kubeconfig } = await bundled();
  const { users } = JSON.parse(await readFile(kubeconfig, 'utf8'));
  const secrets: string[] = [
    users[0].user.token,
    world.environment.AWS_SECRET_ACCESS_KEY ?? '',
    world.environment.AWS_ACCESS_KEY_ID ?? '',
  ];
  const all = [...files.values()].join('\n');
  for (const secret of secrets) {
    expect(secret.length).toBeGreaterThan(4);
    expect(all).not.toContain(secret);
  }
  expect(all).not.toMatch(/k8s-aws-v1\.|Bearer /);
});

test('is harmless if a pod says hostile things', async () => {
  const { files } = await bundled();
  expect(files.get('index.html')).not.toContain('<script');
  const all = [...files.values()].join('');
  expect(all).not.toContain('\u001b');
  expect(all.length).toBeLessThan(200_000);
});

test('has no name and no address where it is to have none', async () => {
  const { files, a, world } = await bundled('--redact');
  const all = [...files.values()].join('\n');
  for (const name of [a.name, a.instanceId, a.eth1, X, world.ec2.eni(a.eth1).primary]) {
    expect(all).not.toContain(name);
  }
  expect(all).not.toContain(world.ec2.eni(a.eth1).vpcId);
  expect(all).not.toMatch(/us-east-1|\b(vpc|subnet|eni|i)-[0-9a-f]{8}/);
  expect(all).toMatch(/"node": "node-\d+"/);
  expect(all).not.toMatch(/\b\d{1,3}(\.\d{1,3}){3}\b/);
});
