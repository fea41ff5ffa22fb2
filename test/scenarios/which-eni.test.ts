import { describe, expect } from 'vitest';
import { BRIDGE, HOST_LOCAL, ipvlan, NET_1, NET_2, networkStatus } from '../support/networks.ts';
import { scenario } from '../support/scenario.ts';
import type { Network, Stage } from '../support/stage.ts';
import { eventually } from '../support/wait.ts';

const IGNORE = { 'multus-eni.dev/ignore': 'true' };

describe('which ENI an address belongs to', () => {
  scenario('two ENIs in one subnet are told apart by MAC', async ({ cluster, cloud }) => {
    const worker = await cluster.addWorker({ subnets: ['multus1', 'multus1'] });
    // Without a master only the MAC of the attachment says which of the two it is.
    const onEth1: Network = { ...NET_1, config: hostDevice('eth1') };
    const onEth2: Network = { ...NET_1, name: 'net-2', config: hostDevice('eth2') };
    await cluster.applyNetwork(onEth1);
    await cluster.applyNetwork(onEth2);
    await cluster.runPod('first', {
      on: worker,
      networks: [{ network: onEth1, ips: ['172.16.1.70'] }],
    });
    await cluster.runPod('second', {
      on: worker,
      networks: [{ network: onEth2, ips: ['172.16.1.71'] }],
    });

    await eventually(() => cloud.addressesOn(worker.eth1)).toEqual(['172.16.1.70']);
    await eventually(() => cloud.addressesOn(worker.eth2)).toEqual(['172.16.1.71']);
  });

  scenario('without a MAC the master of the network decides', async ({ cluster, cloud }) => {
    const worker = await cluster.addWorker({ subnets: ['multus1', 'multus1'] });
    const network = ipvlan('over-eth2', 'eth2', { type: 'static' });
    await cluster.applyNetwork(network);
    await cluster.stopKubelet(worker);
    await cluster.runPod('app', {
      on: worker,
      annotations: networkStatus([{ network, ips: ['172.16.1.70'] }]),
    });

    await eventually(() => cloud.addressesOn(worker.eth2)).toEqual(['172.16.1.70']);
    expect(await cloud.addressesOn(worker.eth1)).toEqual([]);
  });

  scenario('if two ENIs come into question, none gets it and the pod is told', async (stage) => {
    const { cluster, cloud } = stage;
    const worker = await cluster.addWorker({ subnets: ['multus1', 'multus1'] });
    await cluster.stopKubelet(worker);
    const pod = await cluster.runPod('app', {
      on: worker,
      annotations: networkStatus([{ network: BRIDGE, ips: ['172.16.1.70'] }]),
    });

    await eventually(() => cluster.eventsOf(pod)).toMatchObject([
      {
        type: 'Warning',
        reason: 'IPAssignmentFailed',
        message: expect.stringContaining(worker.eth2),
      },
    ]);
    expect(await cloud.addressesOn(worker.eth1)).toEqual([]);
    expect(await cloud.addressesOn(worker.eth2)).toEqual([]);
  });

  scenario('a pod on an ENI that lacks the tag is told which tag is missing', async (stage) => {
    const { cluster, cloud } = stage;
    const worker = await cluster.addWorker({ eth1Tagged: false });
    await cluster.applyNetwork(NET_1);
    const pod = await cluster.runPod('app', {
      on: worker,
      networks: [{ network: NET_1, ips: ['172.16.1.70'] }],
    });

    await eventually(() => cluster.eventsOf(pod)).toMatchObject([
      {
        type: 'Warning',
        reason: 'IPAssignmentFailed',
        message: expect.stringContaining('Tag it node.k8s.amazonaws.com/no_manage=true'),
      },
    ]);
    expect(await cloud.addressesOn(worker.eth1)).toEqual([]);
  });

  scenario(
    'an address within a delegated prefix is there already and stays there',
    { needs: ['prefixes'] },
    async (stage) => {
      const { cluster, cloud, calls } = stage;
      const worker = await cluster.addWorker();
      await cloud.delegatePrefix(worker.eth1, '172.16.1.64/28');
      await cluster.applyNetwork(NET_1);
      const pod = await cluster.runPod('app', {
        on: worker,
        networks: [{ network: NET_1, ips: ['172.16.1.70'] }],
      });
      await eventually(() => cluster.conditionOf(pod)).toMatchObject({ status: 'True' });

      await cluster.deletePod(pod);
      await stage.settled();
      expect(await cloud.addressesOn(worker.eth1)).toEqual([]);
      expect(mutatingCalls(calls)).toEqual([]);
    },
  );
});

describe('what is not our business is left in peace', () => {
  scenario('a bridge beside the ENI networks of a pod', async (stage) => {
    const { cluster, cloud } = stage;
    const worker = await cluster.addWorker();
    for (const network of [NET_1, NET_2, BRIDGE]) await cluster.applyNetwork(network);
    const pod = await cluster.runPod('app', {
      on: worker,
      networks: [
        { network: NET_1, ips: ['172.16.1.70'] },
        { network: BRIDGE, ips: ['10.88.0.7'] },
        { network: NET_2, ips: ['172.16.3.70'] },
      ],
    });

    await eventually(() => cluster.conditionOf(pod)).toEqual({
      status: 'True',
      reason: 'Assigned',
      message: `assigned: 172.16.1.70 on ${worker.eth1}, 172.16.3.70 on ${worker.eth2}`,
    });
    await stage.settled();
    expect(await cluster.eventsOf(pod)).toMatchObject([{ reason: 'IPsAssigned' }]);
    expect(await cloud.addressesOn(worker.eth1)).toEqual(['172.16.1.70']);
  });

  scenario('a pod of bridges alone, though its readiness gate opens', async (stage) => {
    const { cluster, calls } = stage;
    const worker = await cluster.addWorker();
    await cluster.applyNetwork(BRIDGE);
    const pod = await cluster.runPod('app', {
      on: worker,
      gated: true,
      networks: [{ network: BRIDGE, ips: ['10.88.0.7'] }],
    });

    await eventually(() => cluster.pod(pod)).toMatchObject({ ready: true });
    expect(await cluster.eventsOf(pod)).toEqual([]);
    expect(mutatingCalls(calls)).toEqual([]);
  });

  scenario('an attachment to a network that is to be ignored', async (stage) => {
    const { cluster } = stage;
    const worker = await cluster.addWorker();
    const network: Network = { ...NET_1, annotations: IGNORE };
    await cluster.applyNetwork(network);
    const pod = await cluster.runPod('app', {
      on: worker,
      networks: [{ network, ips: ['172.16.1.70'] }],
    });
    await eventually(() => cluster.attachedTo(pod)).toEqual(['172.16.1.70']);
    await expectUntouched(stage, worker.eth1);
    expect(await cluster.conditionOf(pod)).toBeUndefined();
  });

  scenario('a pod that is to be ignored', async (stage) => {
    const { cluster } = stage;
    const worker = await cluster.addWorker();
    await cluster.applyNetwork(NET_1);
    const pod = await cluster.runPod('app', {
      on: worker,
      annotations: IGNORE,
      networks: [{ network: NET_1, ips: ['172.16.1.70'] }],
    });
    await eventually(() => cluster.attachedTo(pod)).toEqual(['172.16.1.70']);
    await expectUntouched(stage, worker.eth1);
    expect(await cluster.conditionOf(pod)).toBeUndefined();
  });

  scenario("a pod on the host's network, whatever its annotation says", async (stage) => {
    const { cluster } = stage;
    const worker = await cluster.addWorker();
    await cluster.applyNetwork(NET_1);
    const pod = await cluster.runPod('agent', {
      on: worker,
      hostNetwork: true,
      annotations: networkStatus([{ network: NET_1, ips: ['172.16.1.70'] }]),
    });
    await expectUntouched(stage, worker.eth1);
    expect(await cluster.conditionOf(pod)).toBeUndefined();
  });

  scenario('a node that is no EC2 instance, though readiness gates open there', async (stage) => {
    const { cluster, calls, queue } = stage;
    const node = await cluster.addNode(
      'fargate-ip-172-20-1-9.ec2.internal',
      'aws:///us-east-1a/0a1b2c3d4e-f5a6b7c8/fargate-ip-172-20-1-9.ec2.internal',
    );
    const pod = await cluster.runPod('app', {
      on: node,
      annotations: networkStatus([{ network: HOST_LOCAL, ips: ['172.16.1.70'] }]),
    });
    // There is no Multus, so nobody will ever write what this one is attached to.
    const waiting = await cluster.runPod('waiting', { on: node, gated: true });
    await stage.settled();

    expect(calls.ec2).toEqual([]);
    expect(await cluster.conditionOf(waiting)).toMatchObject({
      status: 'True',
      reason: 'NothingToAssign',
    });
    expect(await cluster.conditionOf(pod)).toBeUndefined();
    expect(await cluster.eventsOf(pod)).toEqual([]);
    expect(await queue.deadLetters()).toEqual([]);
  });
});

function hostDevice(device: string): object {
  return { type: 'host-device', device, ipam: { type: 'static' } };
}

function mutatingCalls({ ec2 }: Stage['calls']): string[] {
  return ec2.map(({ action }) => action).filter((action) => !action.startsWith('Describe'));
}

async function expectUntouched(stage: Stage, eniId: string): Promise<void> {
  await stage.settled();
  expect(await stage.cloud.addressesOn(eniId)).toEqual([]);
  expect(stage.calls.writes).toEqual([]);
}
