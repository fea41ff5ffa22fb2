import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { patience } from '../support/machine.ts';
import { eventually } from '../support/wait.ts';
import { PRODUCT_IMAGE } from './image/product-image.ts';
import { nodeObstacles } from './parts/preconditions.ts';
import { type InClusterBed, startInClusterBed } from './support/in-cluster-bed.ts';
import { podStatus, waitFor } from './support/pods.ts';
import { applySampleNetworks } from './support/samples.ts';

const GATEWAY = '172.16.1.1';
const obstacles = await nodeObstacles();

/* The guide's own way, with nothing of ours in the cluster but the image in its charts. */
describe.skipIf(obstacles.length > 0)('the guide’s pods with the image’s name changed', () => {
  let real: InClusterBed;
  beforeAll(async () => {
    real = await startInClusterBed();
    await applySampleNetworks(real.cluster);
    // host-local gives the first pod of each node the same address.
    await real.cluster.kubectl(['cordon', real.nodes[1].name]);
  });
  afterAll(() => real?.stop());

  const run = async (name: 'sampleapp' | 'sampleapp-dual') => {
    real.bed.world.ec2.calls.clear();
    await real.apply(`samples/${name}-init.yaml`);
    await waitFor(real.cluster, { name }, 'Ready');
    return podStatus(real.cluster, { name });
  };
  const answered = async (name: string, address: string) =>
    (await real.cluster.ping({ name }, address)).received;

  test('of one network: the init container assigns, ends, and the gateway answers', async () => {
    const { container } = await run('sampleapp');

    expect(container('aws-ip-mgmt').terminated).toMatchObject({ exitCode: 0 });
    expect(container('sampleapp').running).toBeDefined();
    expect(real.addressesOn(real.nodes[0], 1)).toEqual(['172.16.1.70']);
    expect(await answered('sampleapp', GATEWAY)).toBe(3);
    expect(real.bed.world.ec2.calls.counts()).toEqual({
      DescribeNetworkInterfaces: 1,
      AssignPrivateIpAddresses: 1,
    });
  });

  test('of two networks: on both ENIs, with one call for each', async () => {
    const { container } = await run('sampleapp-dual');

    expect(container('aws-ip-mgmt').terminated).toMatchObject({ exitCode: 0 });
    expect(real.addressesOn(real.nodes[0], 1)).toEqual(['172.16.1.70', '172.16.1.71']);
    expect(real.addressesOn(real.nodes[0], 2)).toEqual(['172.16.3.70']);
    expect(await answered('sampleapp-dual', GATEWAY)).toBe(3);
    expect(await answered('sampleapp-dual', '172.16.3.1')).toBe(3);
    expect(real.bed.world.ec2.calls.counts()).toEqual({
      DescribeNetworkInterfaces: 1,
      AssignPrivateIpAddresses: 2,
    });
  });

  test('an init container that cannot be served says why where kubectl describe shows it', async () => {
    await real.cluster.kubectl(['uncordon', real.nodes[1].name]);
    await real.cluster.kubectl(['cordon', real.nodes[0].name]);
    const taken = '172.16.1.70';
    // Time enough to ask EC2 once, also on a busy machine.
    const seconds = Math.ceil(patience(2_000) / 1_000);
    const manifest = {
      apiVersion: 'v1',
      kind: 'Pod',
      metadata: {
        name: 'second',
        annotations: { 'k8s.v1.cni.cncf.io/networks': 'ipvlan-conf-1' },
      },
      spec: {
        restartPolicy: 'Never',
        terminationGracePeriodSeconds: 1,
        containers: [{ name: 'app', image: PRODUCT_IMAGE, args: ['node', '--version'] }],
        initContainers: [
          {
            name: 'aws-ip-mgmt',
            image: PRODUCT_IMAGE,
            args: ['/bin/sh', '-c', `/app/script.sh initContainers --timeout ${seconds}s`],
          },
        ],
      },
    };
    await real.cluster.api.create('pods', manifest);
    const exitCode = async () =>
      (await podStatus(real.cluster, { name: 'second' })).container('aws-ip-mgmt').terminated
        ?.exitCode;
    await eventually(exitCode).toBe(6);
    const told = await real.cluster.kubectl(['describe', 'pod', 'second']);
    expect(told).toMatch(new RegExp(`Message: .*${taken}`));
    expect(real.addressesOn(real.nodes[1], 1)).toEqual([]);
  });
});
