import { describe, expect } from 'vitest';
import { NETWORK_STATUS } from '../../shared/cluster/annotations.ts';
import { ipvlan, NET_1, NET_2 } from '../support/networks.ts';
import { scenario } from '../support/scenario.ts';
import { eventually } from '../support/wait.ts';

/** The whole of eth1's subnet is in range. */
const WIDE = ipvlan(
  'wide',
  'eth1',
  { type: 'static' },
  {
    annotations: { 'multus-eni.dev/ranges': '["172.16.1.0/24"]' },
  },
);

describe('an address that cannot be assigned costs itself alone', () => {
  scenario('outside the subnet of its ENI', async ({ cluster, cloud }) => {
    const worker = await cluster.addWorker();
    await cluster.applyNetwork(NET_1);
    const pod = await cluster.runPod('app', {
      on: worker,
      networks: [{ network: NET_1, ips: ['172.16.3.70', '172.16.1.70'] }],
    });

    await eventually(() => cluster.conditionOf(pod)).toMatchObject({
      status: 'False',
      reason: 'OutsideSubnet',
    });
    expect(await cloud.addressesOn(worker.eth1)).toEqual(['172.16.1.70']);
    await eventually(() => cluster.eventsOf(pod)).toMatchObject([
      { reason: 'IPsAssigned', message: expect.stringContaining('172.16.1.70') },
      {
        type: 'Warning',
        reason: 'IPAssignmentFailed',
        message: expect.stringContaining('172.16.3.70'),
      },
    ]);
  });

  scenario('reserved by AWS', async ({ cluster, cloud }) => {
    const worker = await cluster.addWorker();
    await cluster.applyNetwork(WIDE);
    const pod = await cluster.runPod('app', {
      on: worker,
      networks: [{ network: WIDE, ips: ['172.16.1.1', '172.16.1.255', '172.16.1.70'] }],
    });

    await eventually(() => cluster.conditionOf(pod)).toMatchObject({
      status: 'False',
      reason: 'Reserved',
    });
    expect(await cloud.addressesOn(worker.eth1)).toEqual(['172.16.1.70']);
  });

  scenario('beyond what its ENI takes, until something is released', async (stage) => {
    const { cluster, cloud } = stage;
    // A t3.medium has six addresses on each ENI, of which one is the primary.
    const worker = await cluster.addWorker({ instanceType: 't3.medium' });
    await cluster.applyNetwork(NET_1);
    await cluster.applyNetwork(NET_2);
    const first = await cluster.runPod('first', {
      on: worker,
      networks: [{ network: NET_1, ips: ['172.16.1.70'] }],
    });
    const full = ['172.16.1.71', '172.16.1.72', '172.16.1.73', '172.16.1.74'];
    await cluster.runPod('many', { on: worker, networks: [{ network: NET_1, ips: full }] });
    await eventually(() => cloud.addressesOn(worker.eth1)).toEqual(['172.16.1.70', ...full]);

    const late = await cluster.runPod('late', {
      on: worker,
      networks: [
        { network: NET_1, ips: ['172.16.1.75'] },
        { network: NET_2, ips: ['172.16.3.75'] },
      ],
    });
    await eventually(() => cluster.conditionOf(late)).toMatchObject({ reason: 'EniFull' });
    expect(await cloud.addressesOn(worker.eth2)).toEqual(['172.16.3.75']);

    await cluster.deletePod(first);
    await eventually(() => cluster.conditionOf(late)).toMatchObject({ status: 'True' });
    expect(await cloud.addressesOn(worker.eth1)).toEqual([...full, '172.16.1.75']);
  });

  scenario('an annotation that cannot be read keeps what was recorded', async (stage) => {
    const { cluster, cloud } = stage;
    const worker = await cluster.addWorker();
    await cluster.applyNetwork(NET_1);
    await cluster.applyNetwork(NET_2);
    const pod = await cluster.runPod('app', {
      on: worker,
      networks: [{ network: NET_1, ips: ['172.16.1.70'] }],
    });
    await eventually(() => cluster.conditionOf(pod)).toMatchObject({ status: 'True' });

    await cluster.annotatePod(pod, { [NETWORK_STATUS]: '[{"name": "default/net-1", "ips": [' });
    await eventually(() => cluster.conditionOf(pod)).toMatchObject({
      status: 'False',
      reason: 'UnreadableAnnotation',
      message: expect.stringContaining(`assigned: 172.16.1.70 on ${worker.eth1}`),
    });
    await eventually(() => cluster.eventsOf(pod)).toMatchObject([
      { reason: 'IPsAssigned' },
      { reason: 'IPAssignmentFailed', message: expect.stringContaining(NETWORK_STATUS) },
    ]);
    const other = await cluster.runPod('other', {
      on: worker,
      networks: [{ network: NET_2, ips: ['172.16.3.71'] }],
    });
    await eventually(() => cluster.conditionOf(other)).toMatchObject({ status: 'True' });
    expect(await cloud.addressesOn(worker.eth1)).toEqual(['172.16.1.70']);
  });
});
