import { describe, expect } from 'vitest';
import { NETWORK_STATUS, NETWORKS } from '../../shared/cluster/annotations.ts';
import { ipvlan, NET_1, NET_2 } from '../support/networks.ts';
import { scenario } from '../support/scenario.ts';
import type { Stage } from '../support/stage.ts';
import { eventually } from '../support/wait.ts';

const BRIDGE = { name: 'bridge', config: { type: 'bridge', ipam: { type: 'static' } } };

/** A pod that runs, and asks for networks that Multus does not attach any more. */
async function tooLate({ cluster }: Stage, asked: string) {
  const on = await cluster.addWorker();
  await cluster.applyNetwork(NET_1);
  const pod = await cluster.runPod('app', { on, gated: true });
  await eventually(() => cluster.conditionOf(pod)).toMatchObject({ reason: 'NothingToAssign' });
  await cluster.annotatePod(pod, { [NETWORKS]: asked });
  return { on, pod };
}

describe('a pod that Multus did not attach', () => {
  scenario('is told which network it runs without, once', async (stage) => {
    const { cluster } = stage;
    const { pod } = await tooLate(stage, NET_1.name);
    await eventually(() => cluster.conditionOf(pod)).toMatchObject({
      status: 'False',
      reason: 'NotAttached',
      message: expect.stringContaining(`runs without default/${NET_1.name} since `),
    });
    await eventually(() => cluster.eventsOf(pod)).toMatchObject([
      {
        type: 'Warning',
        reason: 'NotAttached',
        message: expect.stringContaining('delete the pod'),
      },
    ]);
  });

  scenario('is told so also if Multus wrote nothing at all', async (stage) => {
    const { cluster } = stage;
    const { pod } = await tooLate(stage, `[{"name":"${NET_1.name}","namespace":"default"}]`);
    await cluster.annotatePod(pod, { [NETWORK_STATUS]: null });
    await eventually(() => cluster.conditionOf(pod)).toMatchObject({ reason: 'NotAttached' });
  });

  scenario('is told so of a network that does not exist', async (stage) => {
    const { pod } = await tooLate(stage, 'other/nowhere@net1');
    await eventually(() => stage.cluster.conditionOf(pod)).toMatchObject({
      reason: 'NotAttached',
      message: expect.stringContaining('other/nowhere'),
    });
  });

  scenario('gets its addresses once it is made anew', async (stage) => {
    const { cluster, cloud } = stage;
    const { on, pod } = await tooLate(stage, NET_1.name);
    await eventually(() => cluster.conditionOf(pod)).toMatchObject({ reason: 'NotAttached' });
    await cluster.deletePod(pod);
    const anew = await cluster.runPod('anew', {
      on,
      networks: [{ network: NET_1, ips: ['172.16.1.70'] }],
    });
    await eventually(() => cluster.conditionOf(anew)).toMatchObject({ reason: 'Assigned' });
    expect(await cloud.addressesOn(on.eth1)).toEqual(['172.16.1.70']);
  });

  scenario('keeps the addresses of what is attached', async (stage) => {
    const { cluster, cloud } = stage;
    const on = await cluster.addWorker();
    await cluster.applyNetwork(NET_1);
    await cluster.applyNetwork(NET_2);
    const networks = [{ network: NET_1, ips: ['172.16.1.70'] }];
    const pod = await cluster.runPod('app', { on, networks });
    await eventually(() => cluster.conditionOf(pod)).toMatchObject({ reason: 'Assigned' });
    await cluster.annotatePod(pod, { [NETWORKS]: `${NET_1.name},${NET_2.name}` });
    await eventually(() => cluster.conditionOf(pod)).toMatchObject({
      reason: 'NotAttached',
      message: expect.stringContaining('assigned: 172.16.1.70'),
    });
    expect(await cloud.addressesOn(on.eth1)).toEqual(['172.16.1.70']);
  });

  scenario('is none of ours if the network is on no device of the worker', async (stage) => {
    const { cluster } = stage;
    await cluster.applyNetwork(BRIDGE);
    const { pod } = await tooLate(stage, `${BRIDGE.name},${NET_1.name}`);
    await eventually(() => cluster.conditionOf(pod)).toMatchObject({
      reason: 'NotAttached',
      message: expect.not.stringContaining(BRIDGE.name),
    });
  });

  scenario(
    'is counted at every sweep, and told by the first if no forwarder runs',
    { forwarder: false },
    async (stage) => {
      const { cluster, telemetry } = stage;
      const on = await cluster.addWorker();
      await cluster.applyNetwork(NET_1);
      const pod = await cluster.runPod('app', { on });
      await eventually(async () => (await cluster.pod(pod))?.sandboxSince).toBeDefined();
      await cluster.annotatePod(pod, { [NETWORKS]: NET_1.name });
      await stage.sweep();
      await eventually(() => cluster.conditionOf(pod)).toMatchObject({ reason: 'NotAttached' });
      await stage.sweep();
      expect(telemetry.total('PodsNotAttached')).toBe(2);
    },
  );
});

const DELETE_THE_POD = /delete the pod/;
const NETWORKS_OF_ANOTHER = ipvlan('net-9', 'eth1', { type: 'static' }, { namespace: 'other' });
const many = (count: number): string =>
  Array.from({ length: count }, (_, nth) => `net-${nth}`).join(',');

/** What a pod may ask for, and what it is told. */
const BAD_INPUT: readonly (readonly [string, string, RegExp])[] = [
  ['that are no list', '[{"name":', /cannot be read \(not JSON/],
  ['that have no such names', 'Net_1', /cannot be read \(.*not the name/],
  ['by the hundred', many(1_000), /runs without default\/net-0, .* and 9\d\d more since /],
  ['by the thousand', many(4_000), /cannot be read \(more than 1000 networks\)/],
  ['of a namespace that is not there', 'nowhere/net-1', /runs without nowhere\/net-1 since /],
  ['of another namespace', 'other/net-9', /runs without other\/net-9 since /],
];

describe('a pod that asks for networks', () => {
  for (const [what, asked, told] of BAD_INPUT) {
    for (const [by, options] of [
      ['the forwarder’s message', {}],
      ['the sweep', { forwarder: false }],
    ] as const) {
      scenario(
        `${what} is told so by ${by}, and nobody else is concerned`,
        options,
        async (stage) => {
          const { cluster, cloud, telemetry } = stage;
          const on = await cluster.addWorker();
          await cluster.applyNetwork(NET_1);
          await cluster.addNamespace('other');
          await cluster.applyNetwork(NETWORKS_OF_ANOTHER);
          const pod = await cluster.runPod('app', { on });
          const networks = [{ network: NETWORKS_OF_ANOTHER, ips: ['172.16.1.75'] }];
          const neighbour = await cluster.runPod('neighbour', { on, namespace: 'other', networks });
          await eventually(() => cluster.attachedTo(neighbour)).toEqual(['172.16.1.75']);
          await eventually(async () => (await cluster.pod(pod))?.sandboxSince).toBeDefined();
          await cluster.annotatePod(pod, { [NETWORKS]: asked });
          if ('forwarder' in options) await stage.sweep();

          await eventually(() => cluster.conditionOf(pod)).toMatchObject({
            status: 'False',
            reason: 'NotAttached',
            message: expect.stringMatching(told),
          });
          await eventually(() => cluster.eventsOf(pod)).toMatchObject([
            { reason: 'NotAttached', message: expect.stringMatching(DELETE_THE_POD) },
          ]);
          await eventually(() => cluster.conditionOf(neighbour)).toMatchObject({
            reason: 'Assigned',
          });
          expect(await cloud.addressesOn(on.eth1)).toEqual(['172.16.1.75']);
          await stage.sweep();
          await eventually(() => telemetry.values('PodsNotAttached').at(-1)).toBe(1);
        },
      );
    }
  }
});
