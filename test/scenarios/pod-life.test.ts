import { describe, expect } from 'vitest';
import { HOST_LOCAL, NET_1, NET_2, networkStatus } from '../support/networks.ts';
import { scenario } from '../support/scenario.ts';
import { eventually } from '../support/wait.ts';

describe('in the life of a pod', () => {
  scenario('its address is assigned to the ENI below its interface', async ({ cluster, cloud }) => {
    const worker = await cluster.addWorker();
    await cluster.applyNetwork(NET_1);
    const pod = await cluster.runPod('app', {
      on: worker,
      networks: [{ network: NET_1, ips: ['172.16.1.70'] }],
    });

    await eventually(() => cluster.conditionOf(pod)).toEqual({
      status: 'True',
      reason: 'Assigned',
      message: `assigned: 172.16.1.70 on ${worker.eth1}`,
    });
    expect(await cloud.addressesOn(worker.eth1)).toEqual(['172.16.1.70']);
    await eventually(() => cluster.eventsOf(pod)).toMatchObject([
      {
        type: 'Normal',
        reason: 'IPsAssigned',
        message: `assigned 172.16.1.70 to ${worker.eth1} (net1)`,
      },
    ]);
  });

  scenario('two attachments get an address each, on their own ENIs', async ({ cluster, cloud }) => {
    const worker = await cluster.addWorker();
    await cluster.applyNetwork(NET_1);
    await cluster.applyNetwork(NET_2);
    await cluster.runPod('app', {
      on: worker,
      networks: [
        { network: NET_1, ips: ['172.16.1.70'] },
        { network: NET_2, ips: ['172.16.3.70'] },
      ],
    });

    await eventually(() => cloud.addressesOn(worker.eth1)).toEqual(['172.16.1.70']);
    await eventually(() => cloud.addressesOn(worker.eth2)).toEqual(['172.16.3.70']);
  });

  scenario(
    'IPv4 and IPv6 addresses of one attachment go together',
    { needs: ['ipv6'] },
    async (stage) => {
      const { cluster, cloud } = stage;
      const worker = await cluster.addWorker();
      await cluster.applyNetwork(NET_1);
      const pod = await cluster.runPod('app', {
        on: worker,
        networks: [{ network: NET_1, ips: ['172.16.1.70', '2600:1f18:1111:1::70'] }],
      });
      await eventually(() => cloud.addressesOn(worker.eth1)).toEqual([
        '172.16.1.70',
        '2600:1f18:1111:1::70',
      ]);

      await cluster.deletePod(pod);
      await eventually(() => cloud.addressesOn(worker.eth1)).toEqual([]);
    },
  );

  scenario('its address is released when it is deleted', async ({ cluster, cloud }) => {
    const worker = await cluster.addWorker();
    await cluster.applyNetwork(NET_1);
    const pod = await cluster.runPod('app', {
      on: worker,
      networks: [{ network: NET_1, ips: ['172.16.1.70'] }],
    });
    await eventually(() => cloud.addressesOn(worker.eth1)).toEqual(['172.16.1.70']);

    await cluster.deletePod(pod);
    await eventually(() => cloud.addressesOn(worker.eth1)).toEqual([]);
  });

  scenario(
    'it keeps its address while it terminates, and is told of the release',
    async (stage) => {
      const { cluster, cloud } = stage;
      const worker = await cluster.addWorker();
      await cluster.applyNetwork(NET_1);
      const pod = await cluster.runPod('app', {
        on: worker,
        networks: [{ network: NET_1, ips: ['172.16.1.70'] }],
      });
      await eventually(() => cloud.addressesOn(worker.eth1)).toEqual(['172.16.1.70']);

      await cluster.stopKubelet(worker);
      await cluster.deletePod(pod);
      await stage.settled();
      expect(await cluster.pod(pod)).toMatchObject({ terminating: true });
      expect(await cloud.addressesOn(worker.eth1)).toEqual(['172.16.1.70']);

      await cluster.startKubelet(worker);
      await eventually(() => cluster.eventsOf(pod)).toMatchObject([
        { reason: 'IPsAssigned' },
        {
          type: 'Normal',
          reason: 'IPsReleased',
          message: `released 172.16.1.70 from ${worker.eth1}`,
        },
      ]);
    },
  );

  scenario(
    'its address is released when it is finished, though its object stays',
    async (stage) => {
      const { cluster, cloud } = stage;
      const worker = await cluster.addWorker();
      await cluster.applyNetwork(NET_1);
      const pod = await cluster.runPod('job', {
        on: worker,
        networks: [{ network: NET_1, ips: ['172.16.1.70'] }],
      });
      await eventually(() => cloud.addressesOn(worker.eth1)).toEqual(['172.16.1.70']);

      await cluster.finishPod(pod);
      await eventually(() => cloud.addressesOn(worker.eth1)).toEqual([]);
      expect(await cluster.pod(pod)).toMatchObject({ finished: true });
    },
  );

  scenario('a network that is plugged in later gets its address too', async (stage) => {
    const { cluster, cloud } = stage;
    const worker = await cluster.addWorker();
    await cluster.applyNetwork(NET_1);
    await cluster.applyNetwork(NET_2);
    const pod = await cluster.runPod('app', {
      on: worker,
      networks: [{ network: NET_1, ips: ['172.16.1.70'] }],
    });
    await eventually(() => cloud.addressesOn(worker.eth1)).toEqual(['172.16.1.70']);

    await cluster.annotatePod(
      pod,
      networkStatus([
        { network: NET_1, ips: ['172.16.1.70'] },
        { network: NET_2, ips: ['172.16.3.70'] },
      ]),
    );
    await eventually(() => cloud.addressesOn(worker.eth2)).toEqual(['172.16.3.70']);
    expect(await cloud.addressesOn(worker.eth1)).toEqual(['172.16.1.70']);
  });

  scenario('a network that is unplugged gives its address back', async ({ cluster, cloud }) => {
    const worker = await cluster.addWorker();
    await cluster.applyNetwork(NET_1);
    await cluster.applyNetwork(NET_2);
    const pod = await cluster.runPod('app', {
      on: worker,
      networks: [
        { network: NET_1, ips: ['172.16.1.70'] },
        { network: NET_2, ips: ['172.16.3.70'] },
      ],
    });
    await eventually(() => cloud.addressesOn(worker.eth2)).toEqual(['172.16.3.70']);

    await cluster.annotatePod(pod, networkStatus([{ network: NET_1, ips: ['172.16.1.70'] }]));
    await eventually(() => cloud.addressesOn(worker.eth2)).toEqual([]);
    expect(await cloud.addressesOn(worker.eth1)).toEqual(['172.16.1.70']);
  });

  scenario(
    "its new address takes the old one's place after its node was rebooted",
    async ({ cluster, cloud }) => {
      const worker = await cluster.addWorker();
      await cluster.applyNetwork(HOST_LOCAL);
      await cluster.runPod('app', { on: worker, networks: [{ network: HOST_LOCAL }] });
      await eventually(() => cloud.addressesOn(worker.eth1)).toEqual(['172.16.1.70']);

      await cluster.reboot(worker);
      await eventually(() => cloud.addressesOn(worker.eth1)).toEqual(['172.16.1.71']);
    },
  );

  scenario('its readiness gate opens once its address is assigned', async (stage) => {
    const { cluster, cloud } = stage;
    const worker = await cluster.addWorker();
    await cluster.applyNetwork(NET_1);
    const pod = await cluster.runPod('app', {
      on: worker,
      gated: true,
      networks: [{ network: NET_1, ips: ['172.16.1.70'] }],
    });

    await eventually(() => cluster.pod(pod)).toMatchObject({ ready: true });
    expect(await cloud.addressesOn(worker.eth1)).toEqual(['172.16.1.70']);
  });

  scenario('its readiness gate stays shut while its address cannot be assigned', async (stage) => {
    const { cluster } = stage;
    const worker = await cluster.addWorker();
    await cluster.applyNetwork(NET_1);
    const pod = await cluster.runPod('app', {
      on: worker,
      gated: true,
      networks: [{ network: NET_1, ips: ['172.16.3.70'] }],
    });

    await eventually(() => cluster.conditionOf(pod)).toMatchObject({ status: 'False' });
    expect(await cluster.pod(pod)).toMatchObject({ ready: false });
  });

  scenario('nothing is written for its node once the Node is deleted', async (stage) => {
    const { cluster, cloud, queue } = stage;
    const worker = await cluster.addWorker();
    await cluster.applyNetwork(NET_1);
    const pod = await cluster.runPod('app', {
      on: worker,
      networks: [{ network: NET_1, ips: ['172.16.1.70'] }],
    });
    await eventually(() => cloud.addressesOn(worker.eth1)).toEqual(['172.16.1.70']);

    await cluster.deleteNode(worker);
    await cluster.deletePod(pod, { force: true });
    await stage.settled();

    expect(await cloud.addressesOn(worker.eth1)).toEqual(['172.16.1.70']);
    expect(await queue.deadLetters()).toEqual([]);
  });
});
