import { expect, test } from 'vitest';
import { calmRun } from './matrix.ts';
import { WORKLOADS } from './workloads/index.ts';

/** Of each program, what the workloads have it call: a fault that strikes every point strikes all of these. */
const CALLS = {
  forwarder: ['SendMessageBatch', 'watchPods'],
  reconcile: [
    'AssignIpv6Addresses',
    'AssignPrivateIpAddresses',
    'ChangeMessageVisibilityBatch',
    'DescribeInstanceTypes',
    'DescribeNetworkInterfaces',
    'DescribeSubnets',
    'GetParameter',
    'SendMessage',
    'SendMessageBatch',
    'UnassignIpv6Addresses',
    'UnassignPrivateIpAddresses',
    'getNode',
    'listLedgers',
    'listNetworkAttachmentDefinitions',
    'listNodes',
    'listPods',
    'patchNodeStatus',
    'readLedger',
    'setPodCondition',
    'writeEvent',
    'writeLedger',
  ],
  sweep: [
    'DescribeInstanceTypes',
    'DescribeNetworkInterfaces',
    'DescribeSubnets',
    'GetParameter',
    'SendMessageBatch',
    'listIpPools',
    'listLedgers',
    'listNetworkAttachmentDefinitions',
    'listNodes',
    'listPods',
    'listWholeNodes',
    'patchNodeStatus',
  ],
};

test('every call that forwarder, reconcile and sweep make is one that faults strike', async () => {
  const calls = new Map<string, Set<string>>();
  for (const make of WORKLOADS) {
    const { points } = await calmRun(make);
    for (const { program, name } of points) {
      calls.set(program, (calls.get(program) ?? new Set()).add(name));
    }
  }
  const named = [...calls].map(([program, names]) => [program, [...names].toSorted()]);
  expect(Object.fromEntries(named)).toEqual(CALLS);
});
