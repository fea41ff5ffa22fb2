import { describe, expect } from 'vitest';
import { NET_1, NET_2 } from '../support/networks.ts';
import { scenario } from '../support/scenario.ts';
import type { Stage, Worker } from '../support/stage.ts';
import { eventually } from '../support/wait.ts';

/** 30 addresses on each of its ENIs beside the primary one. */
const LARGE = { instanceType: 'm5.24xlarge' };
const MANY = Array.from({ length: 30 }, (_, index) => index + 70);

describe('EC2 is called no more than', () => {
  scenario('three times for a pod with two attachments, warm', async (stage) => {
    const { cluster, calls } = stage;
    const worker = await cluster.addWorker();
    await cluster.applyNetwork(NET_1);
    await cluster.applyNetwork(NET_2);
    const warmUp = await runDual(stage, worker, 100);
    await eventually(() => cluster.conditionOf(warmUp)).toMatchObject({ status: 'True' });
    await stage.settled();
    calls.clear();

    const pod = await runDual(stage, worker, 70);
    await eventually(() => cluster.conditionOf(pod)).toMatchObject({ status: 'True' });
    await stage.settled();
    expect(counts(stage)).toEqual({ DescribeNetworkInterfaces: 1, AssignPrivateIpAddresses: 2 });
  });

  scenario(
    'twice to read and four times to assign for 30 pods that appear together',
    async (stage) => {
      const { cluster, cloud, calls } = stage;
      const worker = await cluster.addWorker(LARGE);
      await cluster.applyNetwork(NET_1);
      await cluster.applyNetwork(NET_2);
      const warmUp = await runDual(stage, worker, 100);
      await eventually(() => cluster.conditionOf(warmUp)).toMatchObject({ status: 'True' });
      await stage.settled();
      calls.clear();

      const looks = await looksCausedBy(async () => {
        const pods = await Promise.all(MANY.map((last) => runDual(stage, worker, last)));
        for (const pod of pods) await eventually(() => cluster.attachedTo(pod)).toHaveLength(2);
      });
      await eventually(() => cloud.addressesOn(worker.eth1)).toHaveLength(31);
      await stage.settled();
      expect(await cloud.addressesOn(worker.eth2)).toHaveLength(31);
      const { DescribeNetworkInterfaces: reads, AssignPrivateIpAddresses: assigns } = counts(stage);
      expect(reads).toBeLessThanOrEqual(looks);
      expect(assigns).toBeLessThanOrEqual(2 * looks);
    },
  );

  scenario('four times to release what 30 pods had that go together', async (stage) => {
    const { cluster, cloud, calls } = stage;
    const worker = await cluster.addWorker(LARGE);
    await cluster.applyNetwork(NET_1);
    await cluster.applyNetwork(NET_2);
    const pods = await Promise.all(MANY.map((last) => runDual(stage, worker, last)));
    await eventually(() => cloud.addressesOn(worker.eth2)).toHaveLength(30);
    await stage.settled();
    calls.clear();

    const looks = await looksCausedBy(async () => {
      await Promise.all(pods.map((pod) => cluster.deletePod(pod)));
      for (const pod of pods) await eventually(() => cluster.pod(pod)).toBeUndefined();
    });
    await eventually(() => cloud.addressesOn(worker.eth1)).toEqual([]);
    await stage.settled();
    expect(await cloud.addressesOn(worker.eth2)).toEqual([]);
    expect(counts(stage).UnassignPrivateIpAddresses).toBeLessThanOrEqual(2 * looks);
  });
});

/**
 * How many looks at a node its changes may cause: two if they come together. If a machine takes long
 * over them, each quarter of a second may come to an end for the forwarder, which then sends what it
 * gathered: forwarder/hints/mailbox.ts.
 */
async function looksCausedBy(changes: () => Promise<void>): Promise<number> {
  const begun = performance.now();
  await changes();
  return 2 + Math.floor((performance.now() - begun) / 250);
}

function runDual({ cluster }: Stage, worker: Worker, last: number) {
  return cluster.runPod(`dual-${last}`, {
    on: worker,
    networks: [
      { network: NET_1, ips: [`172.16.1.${last}`] },
      { network: NET_2, ips: [`172.16.3.${last}`] },
    ],
  });
}

function counts({ calls }: Stage): Readonly<Record<string, number>> {
  const counted: Record<string, number> = {};
  for (const { action } of calls.ec2) counted[action] = (counted[action] ?? 0) + 1;
  return counted;
}
