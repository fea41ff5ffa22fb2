import {
  CreateSubnetCidrReservationCommand,
  CreateTagsCommand,
  DescribeNetworkInterfacesCommand,
  EC2Client,
} from '@aws-sdk/client-ec2';
import { describe, expect } from 'vitest';
import * as z from 'zod';
import { NET_1 } from '../support/networks.ts';
import { scenario } from '../support/scenario.ts';
import { eventually } from '../support/wait.ts';
import { multusEni } from './multus-eni.ts';
import { twoWorkers, withX, X } from './two-workers.ts';

const described = z.object({
  NetworkInterfaces: z.tuple([z.object({ SubnetId: z.string() })]),
});

describe('an operator is told', () => {
  scenario('that a pod has its address, by which rules, and that all is well', async (stage) => {
    const { cluster } = stage;
    const { a } = await twoWorkers(stage, NET_1);
    const pod = await cluster.runPod('app', { on: a, networks: withX(NET_1) });
    await eventually(() => cluster.conditionOf(pod)).toMatchObject({ status: 'True' });
    const run = await multusEni(stage);
    const explained = await run('explain pod app --stage demo');
    expect(explained).toMatchObject({ code: 0, stderr: '' });
    expect(explained.text).toContain(`So keep: ${X} is on ${a.eth1}.`);
    expect((await run(`explain ip ${X} --stage demo`)).text).toContain('claimed by default/app');
    const drift = await run('drift --stage demo');
    expect(drift).toMatchObject({ code: 0, text: expect.stringContaining('no drift') });
    const { text } = await run('status --stage demo');
    expect(text).toMatch(/forwarder \S+ leads, renewed/);
    expect(text).toMatch(/queue \d+ messages? waiting, \d+ in flight; 0 dead letters/);
    expect(text).toContain('alarms none is on');
    expect(text).toMatch(/nodes 2 nodes, 3 pods, 6 ENIs: no drift/);
  });

  scenario(
    'which address a pod lacks, while nobody does anything',
    { delivery: false },
    async (stage) => {
      const { cluster } = stage;
      const { a } = await twoWorkers(stage, NET_1);
      const pod = await cluster.runPod('app', { on: a, networks: withX(NET_1) });
      await eventually(() => cluster.attachedTo(pod)).toEqual([X]);
      const run = await multusEni(stage);
      const drift = await run('drift --stage demo --fail-on missing');
      expect(drift).toMatchObject({ code: 4, stderr: '' });
      expect(drift.text).toContain(`${X} missing on ${a.eth1}, claimed by default/app`);
      const explained = await run('explain pod app --stage demo');
      expect(explained).toMatchObject({ code: 4, stderr: '' });
      expect(explained.text).toContain(`${X} is on no ENI of the node.`);
      expect((await run('status --stage demo')).text).toContain('1 missing');
    },
  );

  scenario(
    'of two pods that claim one address, which has it',
    { needs: ['one-holder'] },
    async (stage) => {
      const { cluster } = stage;
      const { a, b } = await twoWorkers(stage, NET_1);
      const first = await cluster.runPod('first', { on: a, networks: withX(NET_1) });
      await eventually(() => cluster.conditionOf(first)).toMatchObject({ status: 'True' });
      const second = await cluster.runPod('second', { on: b, networks: withX(NET_1) });
      await eventually(() => cluster.conditionOf(second)).toMatchObject({ reason: 'Conflict' });
      const run = await multusEni(stage);
      const explained = await run('explain pod second --stage demo');
      expect(explained).toMatchObject({ code: 4, stderr: '' });
      expect(explained.text).toContain('default/first holds it');
      expect(explained.text).toContain(`So conflict: held by pod default/first on node ${a.name}`);
    },
  );

  scenario('which tag is missing and what is not reserved, and no more of it', async (stage) => {
    const { cluster } = stage;
    const worker = await cluster.addWorker({ eth1Tagged: false });
    await cluster.applyNetwork({
      ...NET_1,
      annotations: { 'multus-eni.dev/ranges': '["172.16.1.64/26"]' },
    });
    const run = await multusEni(stage);
    const ec2 = new EC2Client();
    const found = async () => (await run('doctor --stage demo')).text.match(/ME(101|210) /g) ?? [];
    expect(await found()).toEqual(['ME101 ']);
    const Tags = [{ Key: 'node.k8s.amazonaws.com/no_manage', Value: 'true' }];
    await ec2.send(new CreateTagsCommand({ Resources: [worker.eth1], Tags }));
    expect(await found()).toEqual(['ME210 ']);
    const eth1 = await ec2.send(
      new DescribeNetworkInterfacesCommand({ NetworkInterfaceIds: [worker.eth1] }),
    );
    const [{ SubnetId }] = described.parse(eth1).NetworkInterfaces;
    const reservation = { SubnetId, Cidr: '172.16.1.64/26', ReservationType: 'explicit' } as const;
    await ec2.send(new CreateSubnetCidrReservationCommand(reservation));
    expect(await found()).toEqual([]);
    // What is deployed, and what the functions may do in the cluster.
    const { text } = await run('doctor --stage demo');
    for (const code of ['ME503', 'ME504', 'ME505', 'ME506', 'ME508']) {
      expect(text).not.toContain(code);
    }
  });
});
