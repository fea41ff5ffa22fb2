import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { RealNode } from './cluster/node.ts';
import { until } from './cluster/processes.ts';
import { readiness } from './cluster/readiness.ts';
import { nodeObstacles } from './parts/preconditions.ts';
import { podStatus } from './support/pods.ts';
import { type RealBed, startRealBed } from './support/real-bed.ts';
import { applySampleNetworks, networkStatusOf, runSample } from './support/samples.ts';

const GATEWAY = '172.16.1.1';
const obstacles = await nodeObstacles();

/* What only real nodes do, with one pod that goes through all of it. */
describe.skipIf(obstacles.length > 0)('a real node', () => {
  let real: RealBed;
  let node: RealNode;

  beforeAll(async () => {
    real = await startRealBed({ nodes: 1 });
    const [first] = real.cluster.nodes;
    if (first === undefined) throw new Error('there is no node');
    node = first;
    await applySampleNetworks(real.cluster);
    await runSample(real.cluster, 'sampleapp', node);
    await real.startProduct();
    await until(() => secondary().includes('172.16.1.70'), 'the address');
  });
  afterAll(() => real?.stop());

  const secondary = (): readonly string[] => {
    const eth1 = node.worker.enis.find(({ deviceIndex }) => deviceIndex === 1);
    return eth1 === undefined ? [] : real.bed.world.ec2.eni(eth1.id).secondary;
  };
  const calls = () => real.bed.world.ec2.calls.all().map(({ action }) => action);
  const pingGateway = () => real.cluster.ping({ name: 'sampleapp' }, GATEWAY);
  const nodeIs = async (wanted: 'True' | 'Unknown') => {
    const isThat = async () => (await readiness(real.cluster.api, node.name)) === wanted;
    await until(isThat, `${node.name} to be Ready=${wanted}`);
  };

  test('keeps its pods and their addresses while kubelet and runtime are away', async () => {
    const before = calls();
    const pinging = await real.cluster.startPinging({ name: 'sampleapp' }, GATEWAY);

    await node.kubelet.kill();
    await nodeIs('Unknown');
    await node.containerd.kill();
    await node.containerd.start();
    await node.kubelet.start();
    await nodeIs('True');

    const { sent, received } = await pinging.stop();
    expect(sent).toBeGreaterThan(0);
    expect(received).toBe(sent);
    expect(calls()).toEqual(before);
  });

  test('does without etcd and API server, and is followed once they are back', async () => {
    const { apiServer, etcd } = real.cluster.controlPlane;
    const pinging = await real.cluster.startPinging({ name: 'sampleapp' }, GATEWAY);
    await etcd.kill();
    await apiServer.kill();
    await etcd.start();
    await apiServer.start();
    const { sent, received } = await pinging.stop();
    expect(received).toBe(sent);

    await runSample(real.cluster, 'sampleapp-dual', node);
    await until(() => secondary().includes('172.16.1.71'), 'the new pod to have its address');
  });

  test('gives its pods other addresses after a reboot, and the old ones are released', async () => {
    await node.reboot();

    const renewed = async () =>
      networkStatusOf(await podStatus(real.cluster, { name: 'sampleapp' }))[1]?.ips;
    await until(async () => {
      const [address] = (await renewed()) ?? [];
      return address !== undefined && address !== '172.16.1.70';
    }, 'sampleapp to have another address');
    const [address = ''] = (await renewed()) ?? [];
    await until(() => secondary().includes(address), `${address} to be assigned`);
    await until(() => !secondary().includes('172.16.1.70'), 'the old to be released');
    await until(() => real.cluster.sandboxRuns({ name: 'sampleapp' }), 'the new sandbox to run');
    expect(await pingGateway()).toMatchObject({ received: 3 });
  });
});
