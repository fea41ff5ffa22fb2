/** The client, the token and the sandbox's EKS and API server, all together. */
import { EKSClient } from '@aws-sdk/client-eks';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { type VirtualClock, virtualClock } from '../../../../sandbox/clock.ts';
import { type EksServer, startEks } from '../../../../sandbox/eks/server.ts';
import {
  type RunningKubernetes,
  startKubernetes,
} from '../../../../sandbox/kubernetes/kubernetes.ts';
import { clusters } from '../../../../shared/cluster/connect.ts';
import { describeKubernetesError, KUBERNETES_GROUP } from '../../../../shared/cluster/errors.ts';
import type { Kubernetes } from '../../../../shared/cluster/kubernetes.ts';

const ROLE = 'arn:aws:iam::111122223333:role/reconcile';
const KEY = { accessKeyId: 'ASIAEXAMPLE', secretAccessKey: 'secret', sessionToken: 'session' };

let clock: VirtualClock;
let eks: EksServer;
let api: RunningKubernetes | undefined;
beforeEach(async () => {
  clock = virtualClock();
  eks = await startEks({ clock, region: 'us-east-1', account: '111122223333' });
  eks.addCredentials({ ...KEY, roleArn: ROLE });
  eks.addAccessEntry('demo', ROLE, 'reconcile', [KUBERNETES_GROUP]);
});
afterEach(async () => {
  await eks.stop();
  await api?.stop();
});

async function start(options: { multus?: boolean } = {}) {
  const running = await startKubernetes({
    clock,
    authenticate: eks.authenticator('demo'),
    authorize: ({ groups }, { resource }) =>
      groups.includes(KUBERNETES_GROUP) && resource !== 'nodes',
    ...options,
  });
  api = running;
  eks.addCluster({ name: 'demo', endpoint: running.url, caData: running.caData });
  const { endpoint } = eks;
  const cluster = clusters({
    clock,
    region: 'us-east-1',
    eks: (region) => new EKSClient({ region, endpoint, credentials: KEY, maxAttempts: 1 }),
    credentials: async () => KEY,
    requestTimeoutMs: 10_000,
  });
  return { api: running, kubernetes: await cluster({ name: 'demo' }) };
}

function createPod({ objects }: RunningKubernetes, name: string, nodeName: string) {
  return objects.create('pods', {
    metadata: { namespace: 'default', name },
    spec: { nodeName, containers: [{ name: 'app', image: 'app' }] },
  });
}

async function namesOf(listing: ReturnType<Kubernetes['listPods']>): Promise<string[]> {
  return (await listing).map(({ name }) => name);
}

test('pods of more than a page are read whole, and by node', async () => {
  const { api, kubernetes } = await start();
  for (let n = 0; n < 1_100; n += 1) createPod(api, `pod-${n}`, n % 100 === 0 ? 'a' : 'b');
  expect(new Set(await namesOf(kubernetes.listPods({}))).size).toBe(1_100);
  expect(api.calls.filter(({ verb }) => verb === 'list')).toHaveLength(4);
  expect(await namesOf(kubernetes.listPods({ node: 'a' }))).toHaveLength(11);
});

test('a long list crosses the network compressed, over the same connection', async () => {
  const { api, kubernetes } = await start();
  const labels = { team: 'x'.repeat(60), app: 'y'.repeat(60) };
  for (let n = 0; n < 600; n += 1) {
    api.objects.create('pods', {
      metadata: { namespace: 'default', name: `pod-${n}`, labels },
      spec: { nodeName: 'a', containers: [{ name: 'app', image: 'app' }] },
    });
  }
  const characters = JSON.stringify(api.objects.list('pods')).length;
  expect(new Set(await namesOf(kubernetes.listPods({}))).size).toBe(600);
  // An API server compresses only answers of 128 KiB and more, and a first page is shorter.
  const before = api.sentBytes();
  expect(await namesOf(kubernetes.listPods({}))).toHaveLength(600);
  expect(api.sentBytes() - before).toBeLessThan(characters / 4);
  expect(api.connections()).toBe(1);
});

test('a condition is set beside those of others, and only on that very pod', async () => {
  const { api, kubernetes } = await start();
  const { metadata } = createPod(api, 'sampleapp', 'a');
  const ref = { name: 'sampleapp', namespace: 'default' };
  const ready = { status: { conditions: [{ type: 'Ready', status: 'True' }] } };
  api.objects.patch('pods', ref, ready, { subresource: 'status' });
  const condition = { status: 'True', reason: 'Assigned', message: '172.16.1.70' } as const;
  const pod = { ...ref, uid: metadata.uid };
  await kubernetes.setPodCondition(pod, { ...condition, lastTransitionTime: clock.now() });
  expect((await kubernetes.listPods({}))[0]?.condition).toEqual(condition);
  expect(api.objects.get('pods', ref).status?.conditions).toHaveLength(2);

  api.objects.delete('pods', ref, { gracePeriodSeconds: 0 });
  await kubernetes.setPodCondition(pod, { ...condition, lastTransitionTime: clock.now() });
  createPod(api, 'sampleapp', 'a');
  await kubernetes.setPodCondition(pod, { ...condition, lastTransitionTime: clock.now() });
  expect((await kubernetes.listPods({}))[0]).not.toHaveProperty('condition');
});

test('an Event about a pod is there to be read', async () => {
  const { api, kubernetes } = await start();
  const { metadata } = createPod(api, 'sampleapp', 'a');
  await kubernetes.writeEvent({
    regarding: { kind: 'Pod', namespace: 'default', name: 'sampleapp', uid: metadata.uid },
    type: 'Normal',
    reason: 'IPsAssigned',
    message: 'assigned 172.16.1.70',
    at: clock.now(),
  });
  expect(api.objects.list('events', 'default')).toMatchObject([
    { involvedObject: { uid: metadata.uid }, reason: 'IPsAssigned', count: 1 },
  ]);
});

test('an Event in a namespace that is not there is not written', async () => {
  const { api, kubernetes } = await start();
  await kubernetes.writeEvent({
    regarding: { kind: 'Pod', namespace: 'gone', name: 'sampleapp', uid: 'u1' },
    type: 'Normal',
    reason: 'IPsReleased',
    message: 'released 172.16.1.70',
    at: clock.now(),
  });
  expect(api.objects.list('events')).toEqual([]);
});

test('a cluster without Multus has no networks, and without whereabouts no pools', async () => {
  const { kubernetes } = await start({ multus: false });
  expect(await kubernetes.listNetworkAttachmentDefinitions()).toEqual([]);
  expect(await kubernetes.listIpPools()).toBeUndefined();
});

test('what the cluster’s RBAC does not allow is named, with the group to bind', async () => {
  const { kubernetes } = await start();
  const error = await kubernetes.listNodes().catch((thrown: unknown) => thrown);
  const line = describeKubernetesError(error, { cluster: 'demo' });
  expect(line).toContain('User "reconcile" cannot list resource "nodes"');
  expect(line).toContain(KUBERNETES_GROUP);
});

test('an API server that is down for a while is there again for the next call', async () => {
  const { api, kubernetes } = await start();
  api.faults.goDown('unreachable');
  await expect(kubernetes.listPods({})).rejects.toThrow();
  api.faults.comeUp();
  await expect(kubernetes.listPods({})).resolves.toEqual([]);
});
