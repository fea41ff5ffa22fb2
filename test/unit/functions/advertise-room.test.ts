import { describe, expect, onTestFinished, test } from 'vitest';
import { NETWORKS } from '../../../shared/cluster/annotations.ts';
import { ROOM_LABEL } from '../../../shared/cluster/room-resources.ts';
import { startBed } from '../../support/bed.ts';
import { embeddedCluster } from '../../support/embedded.ts';
import { deliver, messageFor } from '../../support/messages.ts';
import { NET_1, NET_2 } from '../../support/networks.ts';
import { recordedCalls } from '../../support/recorded-calls.ts';
import { insideSandboxQueue, sandboxCloud } from '../../support/sandbox-aws.ts';
import type { Network, Worker } from '../../support/stage.ts';
import { stageQueue } from '../../support/stage-queue.ts';
import { eventually } from '../../support/wait.ts';

const ON_1 = 'multus-eni.dev/default.net-1';
const ON_2 = 'multus-eni.dev/default.net-2';
/** m5.large: ten addresses of each family, one IPv4 address being the primary. */
const WHOLE = '9';
const OTHERS = { cpu: '2', memory: '7928Mi', pods: '11' };
/** Nobody else's either, and as it was before. */
const status = (own: Readonly<Record<string, string>>) => ({ ...OTHERS, ...own });

/** A cluster with one worker, whose reconciles and sweeps a test asks for. */
async function startAdvertising(settings: object = { advertiseRoom: true }) {
  const calls = recordedCalls();
  const variables = { CLUSTERS: JSON.stringify([{ name: 'demo', ...settings }]) };
  const bed = await startBed({ variables, wrap: calls.wrap });
  onTestFinished(() => bed.stop());
  const { world } = bed;
  const { objects } = world.cluster.kubernetes;
  const cluster = embeddedCluster(world, world.cluster);
  const applyNetwork = async (network: Network) => {
    await cluster.applyNetwork(network);
    const ref = { namespace: 'default', name: network.name };
    objects.patch('network-attachment-definitions', ref, {
      metadata: { labels: { [ROOM_LABEL]: 'enabled' } },
    });
  };
  await applyNetwork(NET_1);
  const queue = stageQueue(bed, world.queue.url, insideSandboxQueue(world));
  let delivers = false;
  return {
    bed,
    calls,
    cloud: sandboxCloud(world, bed),
    cluster,
    objects,
    world,
    applyNetwork,
    worker: await cluster.addWorker(),
    writes: () => calls.writes.filter(({ kind }) => kind === 'node'),
    told({ name }: Pick<Worker, 'name'>) {
      const node = objects.get('nodes', { name });
      expect(node.status?.allocatable).toEqual(node.status?.capacity);
      return node.status?.capacity;
    },
    says(name: string, capacity: Readonly<Record<string, string | null>>) {
      const how = { subresource: 'status' } as const;
      objects.patch('nodes', { name }, { status: { capacity, allocatable: capacity } }, how);
    },
    /** A pod that asks for an address on net-1, bound to a node, and attached there. */
    async run(pod: string, on: Worker, ip: string, request?: string) {
      const requests = request === undefined ? {} : { [ON_1]: request };
      const resources = { requests, limits: requests };
      const asked = JSON.stringify([{ name: 'net-1', ips: [`${ip}/24`] }]);
      const { metadata } = objects.create('pods', {
        metadata: { name: pod, namespace: 'default', annotations: { [NETWORKS]: asked } },
        spec: { nodeName: on.name, containers: [{ name: 'app', image: 'app', resources }] },
      });
      const ref = { namespace: 'default', name: pod, uid: metadata.uid };
      await eventually(() => cluster.attachedTo(ref)).toEqual([ip]);
      return ref;
    },
    async look(at: Worker) {
      if (!delivers) bed.startDelivery();
      delivers = true;
      await deliver({ queue }, at, [messageFor(at, { reason: 'resync' })]);
    },
  };
}

describe('without the setting', () => {
  test('no Node’s status is written', async () => {
    const { bed, look, told, worker, writes } = await startAdvertising({});
    await bed.sweep();
    await look(worker);
    expect(writes()).toEqual([]);
    expect(told(worker)).toEqual(OTHERS);
  });
});

describe('with it, a Node tells its room', () => {
  test('by a reconcile of it, which writes nothing the next time', async () => {
    const { calls, look, run, told, worker, writes } = await startAdvertising();
    await look(worker);
    expect(told(worker)).toEqual(status({ [ON_1]: WHOLE }));
    expect(writes()).toEqual([{ kind: 'node', about: worker.name }]);
    calls.clear();
    await run('p', worker, '172.16.1.70', '1');
    await look(worker);
    await look(worker);
    expect(writes()).toEqual([]);
    // As without the setting.
    expect(
      calls.ec2.map(({ action }) => action).filter((name) => name.startsWith('Assign')),
    ).toEqual(['AssignPrivateIpAddresses']);
  });

  test('by a sweep, also of a node of which nobody heard', async () => {
    const { bed, cluster, told, worker, writes } = await startAdvertising();
    const another = await cluster.addWorker();
    await bed.sweep();
    for (const each of [worker, another]) expect(told(each)).toEqual(status({ [ON_1]: WHOLE }));
    await bed.sweep();
    expect(writes()).toHaveLength(2);
  });

  test('for each network, with less if pods came before that request nothing', async () => {
    const { applyNetwork, cloud, look, run, told, worker } = await startAdvertising();
    await run('before', worker, '172.16.1.70');
    await cloud.assign(worker.eth2, ['172.16.3.20', '172.16.3.21']);
    await applyNetwork(NET_2);
    await look(worker);
    expect(told(worker)).toEqual(status({ [ON_1]: '8', [ON_2]: '7' }));
  });

  test('again if it is stale, or somebody wrote what is not so', async () => {
    const { bed, look, says, told, worker } = await startAdvertising();
    const ghost = 'multus-eni.dev/default.no-such-network';
    for (const mend of [bed.sweep, () => look(worker)]) {
      says(worker.name, { [ON_1]: '4711', [ghost]: '3', 'example.com/gpu': '1' });
      await mend();
      expect(told(worker)).toEqual(status({ [ON_1]: WHOLE, 'example.com/gpu': '1' }));
    }
  });

  test('of an ENI that is attached later, and no more of one that is detached', async () => {
    const { bed, told, world, worker } = await startAdvertising();
    world.ec2.detachEni(worker.eth1);
    await bed.sweep();
    expect(told(worker)).toEqual(OTHERS);
    world.ec2.attachEni(worker.eth1, worker.instanceId, 1);
    await bed.sweep();
    expect(told(worker)).toEqual(status({ [ON_1]: WHOLE }));
    world.ec2.detachEni(worker.eth1);
    world.ec2.detachEni(worker.eth2);
    await bed.sweep();
    expect(told(worker)).toEqual(OTHERS);
  });

  test('never less than its pods request', async () => {
    const { bed, cloud, look, run, told, world, worker } = await startAdvertising();
    await run('p', worker, '172.16.1.70', '2');
    await cloud.assign(
      worker.eth1,
      Array.from({ length: 8 }, (_, at) => `172.16.1.${20 + at}`),
    );
    await look(worker);
    expect(told(worker)).toEqual(status({ [ON_1]: '2' }));
    world.ec2.detachEni(worker.eth1);
    await bed.sweep();
    expect(told(worker)).toEqual(status({ [ON_1]: '2' }));
  });

  test('not under dry-run, and not before the kubelet told of its own', async () => {
    const dry = await startAdvertising({ advertiseRoom: true, policy: 'dry-run' });
    await dry.bed.sweep();
    await dry.look(dry.worker);
    expect(dry.writes()).toEqual([]);
    const { bed, objects, says, worker, writes } = await startAdvertising();
    says(worker.name, { cpu: null, memory: null, pods: null });
    objects.patch('nodes', worker, { status: { capacity: null } }, { subresource: 'status' });
    await bed.sweep();
    expect(writes()).toEqual([]);
  });

  test('with what is released not counted under upsert-only as going', async () => {
    const policy = { advertiseRoom: true, policy: 'upsert-only' };
    const { bed, cloud, look, told, worker, writes } = await startAdvertising(policy);
    await cloud.assign(worker.eth1, ['172.16.1.70']);
    await bed.sweep();
    await look(worker);
    expect(told(worker)).toEqual(status({ [ON_1]: '8' }));
    expect(writes()).toHaveLength(1);
  });
});

test('a node that is removed meanwhile fails nothing', async () => {
  const { bed, calls, cluster, look, worker } = await startAdvertising();
  await cluster.deleteNode(worker);
  await look(worker);
  await bed.sweep();
  expect(calls.writes).toEqual([]);
});

test('if it may not be written, the address is assigned all the same, and the log says so', async () => {
  const { bed, cluster, look, objects, run, world, worker } = await startAdvertising();
  const pod = await run('p', worker, '172.16.1.70', '1');
  const { faults } = world.cluster.kubernetes;
  faults.failNext(1, ({ resource, verb }) => verb === 'patch' && resource === 'nodes/status', 403);
  await look(worker);
  expect(objects.get('nodes', worker).status?.capacity).toEqual(OTHERS);
  expect(await cluster.conditionOf(pod)).toMatchObject({ status: 'True' });
  const { lines } = bed.telemetry;
  expect(lines.map(({ text }) => text)).toContain('the room of a node cannot be advertised');
});
