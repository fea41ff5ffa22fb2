import { readFileSync } from 'node:fs';
import { CreateSubnetCidrReservationCommand, CreateTagsCommand } from '@aws-sdk/client-ec2';
import { expect, test } from 'vitest';
import { HOST_LOCAL, NET_1 } from '../../support/networks.ts';
import { stageWorker, workerEnis } from '../../support/sandbox-aws.ts';
import { eventually } from '../../support/wait.ts';
import { embedded, operatorBed, tooWide } from './operator-bed.ts';

/*
 * docs/operator.md shows what the program prints, on workers and pods as the demo has them. What
 * differs from one run to the next (ids, MACs, times) is taken for the same, and so is where a line
 * is broken.
 */

const DIFFERENT: readonly (readonly [RegExp, string])[] = [
  [/eni-[0-9a-f]{17}/g, 'eni-…'],
  [/subnet-[0-9a-f]{17}/g, 'subnet-…'],
  [/\bi-[0-9a-f]{17}/g, 'i-…'],
  [/([0-9a-f]{2}:){5}[0-9a-f]{2}/g, 'MAC'],
  [/\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ/g, 'TIME'],
  [/\d+ (s|min|h) ago/g, 'AGO'],
  [/(multus-eni-)?forwarder-\S+/g, 'forwarder-…'],
  [/\d+ messages? waiting, \d+ in flight/g, 'SOME waiting'],
  [/\s+/g, ' '],
];

function same(text: string): string {
  const plain = DIFFERENT.reduce((so, [pattern, by]) => so.replaceAll(pattern, by), text);
  return plain.trim();
}

/** What the page shows below a command: up to the next one, or the end of the block. */
function shown(command: string): string {
  const page = readFileSync('docs/operator.md', 'utf8');
  const [, after] = page.split(`\n$ ${command}\n`);
  if (after === undefined) throw new Error(`docs/operator.md does not show ${command}`);
  return after.split(/\n(?:```|\$ )/)[0] ?? '';
}

test('the page for operators shows what the program prints', async () => {
  const { bed, cluster, cloud, operate } = await operatorBed(0);
  const { world } = bed;
  const [first, second] = [20, 10].map((last) => {
    const name = `ip-172-16-0-${last}.ec2.internal`;
    return stageWorker('demo', world.cluster.addWorker(undefined, { name }));
  });
  if (first === undefined || second === undefined) throw new Error('two workers');
  await cluster.applyNetwork(HOST_LOCAL);
  await bed.startForwarder();
  bed.startDelivery();
  const networks = [{ network: HOST_LOCAL }];
  const holder = await cluster.runPod('sampleapp', { on: first, networks });
  await eventually(() => cluster.conditionOf(holder)).toMatchObject({ status: 'True' });
  const loser = await cluster.runPod('sampleapp-2', { on: second, networks });
  await eventually(() => cluster.conditionOf(loser)).toMatchObject({ reason: 'Conflict' });
  await cloud.assign(first.eth1, ['172.16.1.200']);

  world.cloudWatch.log('sweep', embedded('sweep', { SweepCompleted: 1, DriftConflicting: 1 }));
  world.cloudWatch.log('reconcile', embedded('reconcile', { ForwarderHeartbeat: 1 }));
  for (const line of [
    'status --stage demo',
    'explain pod default/sampleapp-2 --stage demo',
    'explain ip 172.16.1.200 --stage demo',
    'drift --stage demo',
  ]) {
    const { stdout, stderr } = await operate(line.split(' '));
    expect({ line, stderr }).toEqual({ line, stderr: '' });
    if (process.env.SHOW) console.log(`$ multus-eni ${line}\n${stdout}`);
    else expect(same(shown(`multus-eni ${line}`))).toBe(same(stdout));
    expect(tooWide(stdout)).toEqual([]);
  }
});

test('the page for operators shows how a missing tag is found, and that it was set', async () => {
  const { bed, cluster, operate } = await operatorBed(0);
  const { world } = bed;
  const name = 'ip-172-16-0-20.ec2.internal';
  const enis = workerEnis(world, { eth1Tagged: false });
  const worker = stageWorker('demo', world.cluster.addWorker(enis, { name }));
  const multus = { namespace: 'kube-system', on: worker, hostNetwork: true };
  await cluster.runPod('kube-multus-ds-0', multus);
  await cluster.applyNetwork({
    ...NET_1,
    annotations: { 'multus-eni.dev/ranges': '["172.16.1.64/26"]' },
  });
  const kept = { SubnetId: world.subnets.multus1, Cidr: '172.16.1.64/26' };
  const ReservationType = 'explicit';
  await bed.ec2.send(new CreateSubnetCidrReservationCommand({ ...kept, ReservationType }));
  const line = 'doctor --pre --cluster demo';
  const before = await operate(line.split(' '));
  expect(same(shown(`multus-eni ${line}`))).toBe(same(before.stdout));
  const Tags = [{ Key: 'node.k8s.amazonaws.com/no_manage', Value: 'true' }];
  await bed.ec2.send(new CreateTagsCommand({ Resources: [worker.eth1], Tags }));
  const after = await operate(line.split(' '));
  expect(same(shown(`multus-eni ${line} # again`))).toBe(same(after.stdout));
});

test('the page fits a terminal where it shows one', () => {
  const page = readFileSync('docs/operator.md', 'utf8');
  const blocks = [...page.matchAll(/^```console\n(.*?)^```/gms)].map(([, text = '']) => text);
  expect(blocks.length).toBeGreaterThan(0);
  expect(tooWide(blocks.join('\n'))).toEqual([]);
});
