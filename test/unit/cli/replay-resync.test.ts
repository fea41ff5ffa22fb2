import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { EKSClient } from '@aws-sdk/client-eks';
import { expect, onTestFinished, test } from 'vitest';
import { podsOf } from '../../../cli/cluster-pods.ts';
import { startWorld, type World } from '../../../sandbox/world.ts';
import { systemClock } from '../../../shared/time/clock.ts';
import { HOST_LOCAL, networkStatus } from '../../support/networks.ts';
import { temporaryFolder } from '../../support/temporary-folder.ts';
import { startQueues } from './replay-queues.ts';

async function startCluster(): Promise<World> {
  const world = await startWorld();
  onTestFinished(() => world.stop());
  return world;
}

/** Reads pods as the program does, with what the world's environment names. */
function podsIn({ eks, environment }: World) {
  const client = new EKSClient({
    endpoint: eks.endpoint,
    region: environment.AWS_REGION,
    credentials: {
      accessKeyId: environment.AWS_ACCESS_KEY_ID ?? '',
      secretAccessKey: environment.AWS_SECRET_ACCESS_KEY ?? '',
    },
  });
  return (choice: Parameters<typeof podsOf>[0]) => podsOf(choice, client, systemClock);
}

function runPod(
  { cluster }: World,
  name: string,
  nodeName: string,
  annotations: object = {},
): void {
  cluster.kubernetes.objects.create('pods', {
    metadata: { name, namespace: 'default', annotations },
    spec: { nodeName, containers: [{ name: 'app', image: 'app' }] },
  });
}

const MULTUS = networkStatus([{ network: HOST_LOCAL, ips: ['172.16.1.70'] }]);

async function kubeconfigOf({ cluster }: World): Promise<string> {
  const directory = await temporaryFolder();
  const path = join(directory, 'kubeconfig');
  await writeFile(path, cluster.kubernetes.kubeconfig());
  return path;
}

test('node sends a resync for the node', async () => {
  const queues = await startQueues();
  const { code, stdout } = await queues.replay(['node', 'demo', 'n1']);
  expect(code).toBe(0);
  expect(stdout).toBe(`Sent a resync for 1 node of demo to ${queues.url}.\n`);
  expect(queues.bodies()).toEqual([
    {
      version: 1,
      cluster: 'demo',
      node: 'n1',
      reason: 'resync',
      observedAt: '2026-01-01T00:00:00.000Z',
      pods: [],
    },
  ]);
});

test('node refuses a name that no message can have', async () => {
  const queues = await startQueues();
  const { code, stderr } = await queues.replay(['node', 'demo', '']);
  expect(stderr).toMatch(/^node: /);
  expect(code).toBe(2);
  expect(queues.bodies()).toEqual([]);
});

test.each(['EKS', 'kubeconfig'])(
  'cluster sends a resync for each node with Multus pods, as %s shows them',
  async (by) => {
    const queues = await startQueues();
    const world = await startCluster();
    runPod(world, 'a', 'n1', MULTUS);
    runPod(world, 'b', 'n1', MULTUS);
    runPod(world, 'c', 'n2', MULTUS);
    runPod(world, 'plain', 'n3');
    const more = by === 'EKS' ? [] : ['--kubeconfig', await kubeconfigOf(world)];
    const { code, stdout } = await queues.replay(['cluster', 'demo', '--json', ...more], {
      podsOf: podsIn(world),
    });
    expect(code).toBe(0);
    expect(JSON.parse(stdout)).toMatchObject({ nodes: ['n1', 'n2'], sent: 2 });
    expect(queues.bodies()).toMatchObject([
      { node: 'n1', reason: 'resync' },
      { node: 'n2', reason: 'resync' },
    ]);
  },
);

test('cluster says that no pod has a Multus network', async () => {
  const queues = await startQueues();
  const world = await startCluster();
  runPod(world, 'plain', 'n1');
  const { code, stdout } = await queues.replay(['cluster', 'demo'], { podsOf: podsIn(world) });
  expect(stdout).toBe('No pod of demo has a Multus network: nothing was sent.\n');
  expect(code).toBe(3);
});

test('cluster says that there is no such cluster', async () => {
  const queues = await startQueues();
  const world = await startCluster();
  const { code, stderr } = await queues.replay(['cluster', 'prod'], { podsOf: podsIn(world) });
  expect(stderr).toContain('EKS has no cluster prod in us-east-1');
  expect(code).toBe(2);
});

test('cluster says that the API server refuses the operator', async () => {
  const queues = await startQueues();
  const world = await startCluster();
  world.cluster.kubernetes.faults.failNext(1, () => true, 403);
  const { code, stderr } = await queues.replay(['cluster', 'demo'], { podsOf: podsIn(world) });
  expect(stderr).toMatch(/^cluster demo: /);
  expect(code).toBe(1);
  expect(queues.bodies()).toEqual([]);
});

test('cluster says that the kubeconfig is not there', async () => {
  const queues = await startQueues();
  const world = await startCluster();
  const args = ['cluster', 'demo', '--kubeconfig', '/nowhere'];
  const { code, stderr } = await queues.replay(args, { podsOf: podsIn(world) });
  expect(stderr).toMatch(/^kubeconfig \/nowhere: ENOENT/);
  expect(code).toBe(2);
});
