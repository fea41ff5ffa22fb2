import { describe, expect, onTestFinished, test } from 'vitest';
import { ACCOUNT, REGION } from '../../../sandbox/aws.ts';
import { deniedOf, takeHeldAgainstRoles } from '../../support/authorized.ts';
import { embedded } from '../../support/embedded.ts';
import { leaveOn } from '../../support/leftover.ts';
import { NET_1 } from '../../support/networks.ts';
import { eventually } from '../../support/wait.ts';
import { QUEUES } from './recorded-aws-calls.ts';

const X = '172.16.1.70';
const DEMO = [{ name: 'demo' }];

describe('the AWS calls of a scenario', () => {
  test('are held against the role of who made them', async () => {
    takeHeldAgainstRoles();
    onTestFinished(() => {
      const held = takeHeldAgainstRoles();
      expect(held).toEqual(
        expect.arrayContaining([
          'SweepRole eks:DescribeCluster',
          'SweepRole ec2:DescribeNetworkInterfaces',
          'SweepRole sqs:SendMessage',
          'ReconcileRole sqs:ReceiveMessage',
          'ReconcileRole ec2:UnassignPrivateIpAddresses',
          'ForwarderRoleDemo sqs:SendMessage',
        ]),
      );
      // The test's own call, which no role of the product has to allow.
      expect(held.filter((each) => each.endsWith(' ec2:AssignPrivateIpAddresses'))).toEqual([]);
    });
    const stage = await embedded.start({});
    onTestFinished(() => stage.stop());
    const { cluster, cloud } = stage;
    const worker = await cluster.addWorker();
    await cluster.applyNetwork(NET_1);
    await leaveOn(stage, worker.eth1, [X]);

    await stage.sweep();
    await eventually(() => cloud.addressesOn(worker.eth1)).toEqual([]);
    await stage.settled();
  });

  test('are named if a role denies them', async () => {
    const resource = `arn:aws:ec2:${REGION}:${ACCOUNT}:network-interface/eni-1`;
    const assign = { action: 'ec2:AssignPrivateIpAddresses', resource };
    const managed = { 'aws:ResourceTag/node.k8s.amazonaws.com/no_manage': 'true' };
    const calls = [
      { role: 'ReconcileRole', ...assign, context: managed },
      { role: 'ReconcileRole', ...assign },
      { role: 'SweepRole', ...assign, context: managed },
      { role: 'ForwarderRoleOther', action: 'sqs:SendMessage', resource: QUEUES.queue },
    ];
    expect(await deniedOf(calls, DEMO)).toEqual([
      `ReconcileRole may not ec2:AssignPrivateIpAddresses on ${resource} {}`,
      `SweepRole may not ec2:AssignPrivateIpAddresses on ${resource} ${JSON.stringify(managed)}`,
      `ForwarderRoleOther may not sqs:SendMessage on ${QUEUES.queue} {}`,
    ]);
    const both = [...DEMO, { name: 'other' }];
    expect(await deniedOf(calls.slice(-1), both)).toEqual([]);
  });
});
