import { join } from 'node:path';
import {
  AssignPrivateIpAddressesCommand,
  UnassignPrivateIpAddressesCommand,
} from '@aws-sdk/client-ec2';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import * as z from 'zod';
import { NETWORKS } from '../../shared/cluster/annotations.ts';
import { CONDITION_TYPE } from '../../shared/cluster/kubernetes.ts';
import { podFromObject } from '../../shared/cluster/pods.ts';
import { until } from './cluster/processes.ts';
import { readiness } from './cluster/readiness.ts';
import { APP_IMAGE } from './parts/images.ts';
import { nodeObstacles } from './parts/preconditions.ts';
import { deletePod } from './support/pods.ts';
import { type RealBed, startRealBed } from './support/real-bed.ts';

const FOLDER = join(import.meta.dirname, '..', '..', 'deploy', 'room');
const NETWORK = 'over-eth1';
const RESOURCE = `multus-eni.dev/default.${NETWORK}`;
const PODS = 40;
/** On each node: an m5.4xlarge takes 30 addresses, of which one is primary, and others are foreign. */
const ROOM = 15;
const FOREIGN = 14;
const obstacles = await nodeObstacles();

const placed = z.object({
  spec: z.object({ nodeName: z.string().optional() }),
  status: z.object({
    phase: z.string(),
    conditions: z
      .array(z.object({ type: z.string(), status: z.string(), message: z.string().default('') }))
      .default([]),
  }),
});
const advertising = z.object({
  status: z.object({
    capacity: z.record(z.string(), z.string()),
    allocatable: z.record(z.string(), z.string()),
  }),
});

/** As a user writes it, for any node. */
function podOf(name: string) {
  return {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { name, annotations: { [NETWORKS]: NETWORK } },
    spec: {
      terminationGracePeriodSeconds: 1,
      containers: [{ name: 'app', image: APP_IMAGE, command: ['sleep', '3600'] }],
    },
  };
}

/* Real scheduler and real kubelets: 40 pods for two nodes that have room for 15 each. */
describe.skipIf(obstacles.length > 0)('two nodes that tell their room', () => {
  let real: RealBed;

  beforeAll(async () => {
    const CLUSTERS = JSON.stringify([{ name: 'demo', advertiseRoom: true }]);
    const variables = { CLUSTERS };
    real = await startRealBed({ nodes: 2, instanceType: 'm5.4xlarge', variables });
    const { api, kubectl } = real.cluster;
    await kubectl(['apply', '--kustomize', FOLDER]);
    await kubectl(['label', 'namespace', 'default', 'multus-eni.dev/room=enabled']);
    const ipam = { type: 'whereabouts', range: '172.16.1.100-172.16.1.199/24' };
    await api.create('network-attachment-definitions', {
      metadata: {
        name: NETWORK,
        namespace: 'default',
        labels: { 'multus-eni.dev/room': 'enabled' },
      },
      spec: {
        config: JSON.stringify({ cniVersion: '0.3.1', type: 'ipvlan', master: 'eth1', ipam }),
      },
    });
    for (const [index, name] of names().entries()) {
      const PrivateIpAddresses = Array.from({ length: FOREIGN }, (_, at) => foreign(index, at));
      const input = { NetworkInterfaceId: eth1Of(name), PrivateIpAddresses };
      await real.bed.ec2.send(new AssignPrivateIpAddressesCommand(input));
    }
    await real.bed.sweep();
    // A policy is in force a little later than it is there.
    const dryRun = ['create', '--dry-run=server', '--output=json', '--filename=-'];
    const tried = async () =>
      podFromObject(JSON.parse(await kubectl(dryRun, { input: JSON.stringify(podOf('tried')) })))
        .requestedRoom?.[RESOURCE] === 1;
    await until(tried, 'the policy to be in force');
    await real.startProduct();
  });
  afterAll(() => real?.stop());

  const foreign = (node: number, at: number) => `172.16.1.${20 + node * FOREIGN + at}`;
  const names = () => real.cluster.nodes.map(({ name }) => name);
  const eth1Of = (name: string): string => {
    const node = real.cluster.nodes.find((each) => each.name === name);
    return node?.worker.enis.find(({ deviceIndex }) => deviceIndex === 1)?.id ?? '';
  };
  const tells = async (name: string) => {
    const { status } = advertising.parse(await real.cluster.api.find('nodes', { name }));
    return [status.capacity[RESOURCE], status.allocatable[RESOURCE]];
  };
  const pods = async () =>
    (await real.cluster.api.list('pods'))
      .filter(({ metadata }) => metadata.name.startsWith('pod-'))
      .map((object) => ({ name: object.metadata.name, ...placed.parse(object) }));
  const having = async (type: string) =>
    (await pods()).filter(({ status }) =>
      status.conditions.some((each) => each.type === type && each.status === 'True'),
    );
  const isSettled = (running: number) => async () =>
    (await having(CONDITION_TYPE)).length === running && (await having('Ready')).length === running;

  test('say so before there is a pod', async () => {
    for (const name of names()) expect(await tells(name)).toEqual([`${ROOM}`, `${ROOM}`]);
  });

  test('run 30 of 40 pods, and the others say which resource is missing', async () => {
    for (let index = 1; index <= PODS; index += 1) {
      await real.cluster.api.create('pods', podOf(`pod-${index}`));
    }
    await until(isSettled(2 * ROOM), '30 pods to run with their addresses', 120_000);
    const all = await pods();
    for (const name of names()) {
      expect(all.filter(({ spec }) => spec.nodeName === name)).toHaveLength(ROOM);
      expect(await tells(name)).toEqual([`${ROOM}`, `${ROOM}`]);
    }
    const pending = all.filter(({ status }) => status.phase === 'Pending');
    expect(pending).toHaveLength(PODS - 2 * ROOM);
    for (const { status } of pending) {
      const told = status.conditions.find(({ type }) => type === 'PodScheduled');
      expect(told).toMatchObject({
        status: 'False',
        message: expect.stringContaining(`2 Insufficient ${RESOURCE}`),
      });
    }
    console.log(`Pending: ${pending[0]?.status.conditions[0]?.message}`);
  });

  test('keep their pods when a kubelet starts again', async () => {
    const [node] = real.cluster.nodes;
    const before = await pods();
    await node?.kubelet.kill();
    await until(
      async () => (await readiness(real.cluster.api, node?.name ?? '')) === 'Unknown',
      'the node to be away',
      60_000,
    );
    await node?.kubelet.start();
    await until(
      async () => (await readiness(real.cluster.api, node?.name ?? '')) === 'True',
      'the node to be back',
      60_000,
    );
    await real.bed.sweep();
    await until(isSettled(2 * ROOM), 'all to run as before', 60_000);
    expect((await pods()).map(({ spec }) => spec.nodeName)).toEqual(
      before.map(({ spec }) => spec.nodeName),
    );
  });

  test('start a waiting pod when another goes', async () => {
    const [one] = await having('Ready');
    await deletePod(real.cluster, { name: one?.name ?? '' });
    await until(isSettled(2 * ROOM), 'a waiting pod to run', 60_000);
    expect(await pods()).toHaveLength(PODS - 1);
  });

  test('start the rest once what was foreign is gone', async () => {
    const [name = ''] = names();
    const rest = PODS - 1 - 2 * ROOM;
    const PrivateIpAddresses = Array.from({ length: rest }, (_, at) => foreign(0, at));
    const input = { NetworkInterfaceId: eth1Of(name), PrivateIpAddresses };
    await real.bed.ec2.send(new UnassignPrivateIpAddressesCommand(input));
    await real.bed.sweep();
    expect(await tells(name)).toEqual([`${ROOM + rest}`, `${ROOM + rest}`]);
    await until(isSettled(PODS - 1), 'all pods to run', 120_000);
  });
});
