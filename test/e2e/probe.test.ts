import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  AssignPrivateIpAddressesCommand,
  CreateTagsCommand,
  DeleteTagsCommand,
  UnassignPrivateIpAddressesCommand,
} from '@aws-sdk/client-ec2';
import { afterAll, afterEach, beforeAll, describe, expect, onTestFinished, test } from 'vitest';
import { PROBE_LABEL } from '../../shared/probe.ts';
import { until } from './cluster/processes.ts';
import { nodeObstacles } from './parts/preconditions.ts';
import { type InClusterBed, startInClusterBed } from './support/in-cluster-bed.ts';
import { failuresIn, rowsIn, startProbe } from './support/probing.ts';
import { CHOSEN_NETWORK } from './support/samples.ts';

const IPS = ['--ips', '172.16.1.130/24,172.16.1.131/24'];
const obstacles = await nodeObstacles();

describe.skipIf(obstacles.length > 0)('multus-eni probe on two real nodes', () => {
  let real: InClusterBed;
  let nodes: readonly string[];

  beforeAll(async () => {
    real = await startInClusterBed();
    nodes = real.nodes.map(({ name }) => name).toSorted();
    await real.cluster.api.create('network-attachment-definitions', CHOSEN_NETWORK);
    await real.apply('overlays/demo');
    real.startDelivery();
    const rollout = ['rollout', 'status', 'deployment/multus-eni-forwarder', '--timeout=120s'];
    await real.cluster.kubectl([...rollout, '--namespace=multus-eni-reconciler']);
  });
  afterAll(() => real?.stop());

  const start = (...args: readonly string[]) =>
    startProbe(args, {
      ...real.bed.world.environment,
      KUBECONFIG: real.cluster.adminKubeconfig,
    });
  const podsLeft = async () =>
    (await real.cluster.api.list('pods'))
      .filter(({ metadata }) => metadata.labels?.[PROBE_LABEL] !== undefined)
      .map(({ metadata }) => metadata.name);
  /** Runs one to its end. @returns what failed. */
  const failures = async (...args: readonly string[]) => {
    const { code, stdout, stderr } = await start(...args, '--json').ended;
    if (code !== 0 && code !== 4) throw new Error(`${code}: ${stderr}${stdout}`);
    const failed = failuresIn(rowsIn(stdout), nodes);
    if (process.env.SHOW) console.log(stdout, stderr);
    expect(code).toBe(failed.length > 0 ? 4 : 0);
    expect(await podsLeft()).toEqual([]);
    return failed;
  };

  const on = (index: number) => {
    const node = real.nodes.find(({ name }) => name === nodes[index]);
    const eni = node?.worker.enis.find(({ deviceIndex }) => deviceIndex === 1);
    if (node === undefined || eni === undefined) throw new Error(`there is no node ${index}`);
    return { node, eni: eni.id, run: (command: string) => node.run(['sh', '-ec', command]) };
  };
  const chosen = (...args: readonly string[]) =>
    failures('--network', 'default/chosen', ...IPS, ...args);
  const ended = () =>
    until(async () => (await podsLeft()).length === 0, 'the pods of the probe to be gone');
  afterEach(ended);

  test('finds nothing where all is well', async () => {
    expect(await chosen()).toEqual([]);
  });

  test('recognises an address that both pods were given', async () => {
    await real.apply('samples/ipvlan-conf-1.yaml');
    // One of them gets it, and that is told of both.
    expect(await failures('--network', 'ipvlan-conf-1')).toEqual([
      expect.stringMatching(/^duplicate-address: (address|duplicate) of a$/),
      expect.stringMatching(/^duplicate-address: (address|duplicate) of b$/),
    ]);
  });

  test('recognises a gateway that does not answer', async () => {
    expect(await chosen('--gateway', '172.16.1.250')).toEqual([
      'gateway-unreachable: gateway of a',
      'gateway-unreachable: gateway of b',
    ]);
  });

  test('recognises that the master is down, as AL2023 leaves it', async () => {
    await on(0).run('ip link set eth1 down');
    try {
      expect(await chosen()).toEqual(['link-down: link of a']);
    } finally {
      await on(0).run('ip link set eth1 up');
    }
  });

  test('recognises an MTU that is not the same everywhere', async () => {
    await on(1).run('ip link set eth1 mtu 1400');
    try {
      expect(await chosen()).toEqual(['mtu: mtu from a to b']);
    } finally {
      await on(1).run('ip link set eth1 mtu 1500');
    }
  });

  test('recognises that a strict rp_filter drops what has no way back', async () => {
    const plugins = [
      { type: 'ipvlan', master: 'eth1', ipam: { type: 'static' } },
      { type: 'tuning', sysctl: { 'net.ipv4.conf.net1.rp_filter': '1' } },
    ];
    await real.cluster.api.create('network-attachment-definitions', {
      ...CHOSEN_NETWORK,
      metadata: { ...CHOSEN_NETWORK.metadata, name: 'strict' },
      spec: { config: JSON.stringify({ cniVersion: '0.3.1', name: 'strict', plugins }) },
    });
    // The second pod knows of no subnet, and so has its default route alone.
    const ips = '172.16.1.130/24,172.16.1.131/32';
    expect(await failures('--network', 'strict', '--ips', ips)).toEqual([
      'wrong-route: gateway of b',
      'rp-filter: to the peer from a to b',
      'rp-filter: reply path from b to a',
    ]);
  });

  test('recognises an ENI without room, on each node', async () => {
    // An m5.large takes ten on an ENI, the primary one among them.
    const given = [20, 40].map((first, index) => ({
      NetworkInterfaceId: on(index).eni,
      PrivateIpAddresses: Array.from({ length: 9 }, (_, at) => `172.16.1.${first + at}`),
    }));
    const isEmpty = () => real.nodes.every((node) => real.addressesOn(node, 1).length === 0);
    await until(isEmpty, 'the addresses of earlier probes to be released');
    for (const each of given) await real.bed.ec2.send(new AssignPrivateIpAddressesCommand(each));
    try {
      expect(await chosen()).toEqual(['no-room: address of a', 'no-room: address of b']);
    } finally {
      for (const each of given) {
        await real.bed.ec2.send(new UnassignPrivateIpAddressesCommand(each));
      }
    }
  });

  test('recognises an ENI without the tag', async () => {
    const Tags = [{ Key: 'node.k8s.amazonaws.com/no_manage', Value: 'true' }];
    const tagged = { Resources: [on(1).eni], Tags };
    await real.bed.ec2.send(new DeleteTagsCommand(tagged));
    try {
      expect(await chosen()).toEqual(['not-assigned: address of b']);
    } finally {
      await real.bed.ec2.send(new CreateTagsCommand(tagged));
    }
  });

  test('recognises that nobody assigns addresses', async () => {
    await real.pauseDelivery();
    try {
      expect(await chosen('--timeout', '12')).toEqual([
        'not-assigned: address of a',
        'not-assigned: address of b',
      ]);
    } finally {
      real.startDelivery();
    }
  });

  test('names an image that cannot be had', async () => {
    const image = 'multus-eni-reconciler.local/none:1';
    expect(await chosen('--image', image)).toEqual([
      'pod-not-started: pod of a',
      'pod-not-started: pod of b',
    ]);
  });

  test('says what whoever may only look is not allowed, and makes nothing', async () => {
    const { kubectl } = real.cluster;
    const resources = 'pods,nodes,network-attachment-definitions.k8s.cni.cncf.io';
    const may = ['--verb=get,list,watch', `--resource=${resources}`];
    await kubectl(['create', 'clusterrole', 'looker', ...may]);
    await kubectl([
      'create',
      'clusterrolebinding',
      'looker',
      '--clusterrole=looker',
      '--user=looker',
    ]);
    const folder = await mkdtemp(join(tmpdir(), 'looker-'));
    onTestFinished(() => rm(folder, { recursive: true, force: true }));
    const file = join(folder, 'kubeconfig');
    await writeFile(file, await real.cluster.kubeconfigFor({ name: 'looker' }));
    const args = ['--network', 'chosen', ...IPS, '--nodes', nodes.join(','), '--kubeconfig', file];
    const { code, stderr } = await start(...args).ended;
    expect(stderr).toContain('cannot create resource "pods"');
    expect(stderr).toContain('cannot delete resource "pods"');
    expect(code).toBe(1);
  });

  describe('leaves nothing behind', () => {
    const running = async () => {
      const probing = start('--network', 'chosen', ...IPS, '--gateway', '172.16.1.250');
      await until(async () => (await podsLeft()).length === 2, 'two pods');
      return probing;
    };

    test.each(['SIGINT', 'SIGTERM'] as const)('after %s', async (name) => {
      const probing = await running();
      probing.signal(name);
      expect(await probing.ended).toMatchObject({ code: 130 });
      expect(await podsLeft()).toEqual([]);
    });

    test('after the run that follows a kill', async () => {
      const probing = await running();
      probing.signal('SIGKILL');
      expect(await probing.ended).toMatchObject({ code: 'SIGKILL' });
      expect(await podsLeft()).toHaveLength(2);
      const next = await start('--network', 'chosen', ...IPS).ended;
      expect(next.stderr).toContain('removed 2 pods that an earlier probe had left');
      expect(next.code).toBe(0);
    });
  });
});
