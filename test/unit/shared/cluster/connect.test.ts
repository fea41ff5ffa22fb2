import { EKSClient } from '@aws-sdk/client-eks';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { type VirtualClock, virtualClock } from '../../../../sandbox/clock.ts';
import { type EksServer, startEks } from '../../../../sandbox/eks/server.ts';
import { type ClusterRef, clusters } from '../../../../shared/cluster/connect.ts';
import { kubernetesFailure } from '../../../../shared/cluster/errors.ts';
import type { Kubernetes } from '../../../../shared/cluster/kubernetes.ts';
import { listOf, refusal, type ScriptedApiServer, startScriptedApiServer } from './api-server.ts';

const ROLE = 'arn:aws:iam::111122223333:role/reconcile';
const KEY = { accessKeyId: 'ASIAEXAMPLE', secretAccessKey: 'secret' };

let clock: VirtualClock;
let eks: EksServer;
let api: ScriptedApiServer;
let cluster: (cluster: ClusterRef) => Promise<Kubernetes>;

beforeEach(async () => {
  clock = virtualClock();
  api = await startScriptedApiServer();
  eks = await startEks({ clock, region: 'us-east-1', account: '111122223333' });
  eks.addCluster({ name: 'demo', endpoint: api.server, caData: api.caData });
  eks.addCredentials({ ...KEY, roleArn: ROLE });
  eks.addAccessEntry('demo', ROLE, 'reconcile', ['multus-eni-reconciler']);
  const { endpoint } = eks;
  cluster = clusters({
    clock,
    region: 'us-east-1',
    eks: (region) => new EKSClient({ region, endpoint, credentials: KEY, maxAttempts: 1 }),
    credentials: async () => KEY,
    requestTimeoutMs: 5_000,
  });
  api.answer(({ authorization }) => {
    const review = eks.reviewToken('demo', authorization?.replace('Bearer ', '') ?? '');
    return 'error' in review ? refusal(401, { message: review.error }) : listOf([]);
  });
});

afterEach(async () => {
  await eks.stop();
  await api.stop();
});

function described(): number {
  return eks.calls.counts().DescribeCluster ?? 0;
}

test('the API server takes the caller for whom its access entry says', async () => {
  await expect((await cluster({ name: 'demo' })).listPods({})).resolves.toEqual([]);
});

test('endpoint, connection and token are kept for the next caller', async () => {
  const [first, second] = await Promise.all([cluster({ name: 'demo' }), cluster({ name: 'demo' })]);
  await first.listPods({});
  await second.listNodes();
  await (await cluster({ name: 'demo', region: 'us-east-1' })).listNodes();
  expect(described()).toBe(1);
  expect(api.connections()).toBeLessThanOrEqual(2);
  expect(new Set(api.requests.map(({ authorization }) => authorization)).size).toBe(1);
});

test('the token is renewed before the API server refuses it', async () => {
  const kubernetes = await cluster({ name: 'demo' });
  for (let minutes = 0; minutes < 60; minutes += 1) {
    await kubernetes.listPods({});
    clock.advance(60_000);
  }
  expect(new Set(api.requests.map(({ authorization }) => authorization)).size).toBe(5);
  expect(described()).toBe(1);
});

test('a token that the API server refuses is made anew for the next call', async () => {
  const kubernetes = await cluster({ name: 'demo' });
  const accepting = listOf([]);
  let refused: string | undefined;
  api.answer(({ authorization }) => {
    refused ??= authorization;
    return authorization === refused ? refusal(401, {}) : accepting;
  });
  await expect(kubernetes.listPods({})).rejects.toMatchObject({ code: 401 });
  clock.advance(1_000);
  await expect(kubernetes.listPods({})).resolves.toEqual([]);
});

test('an API server that moved, with another CA, is found by the next caller', async () => {
  const before = await cluster({ name: 'demo' });
  await before.listPods({});
  const moved = await startScriptedApiServer();
  moved.answer(() => listOf([]));
  await api.stop();
  eks.addCluster({ name: 'demo', endpoint: moved.server, caData: moved.caData });
  const error = await before.listPods({}).catch((thrown: unknown) => thrown);
  expect(kubernetesFailure(error).kind).toBe('unreachable');
  await expect((await cluster({ name: 'demo' })).listPods({})).resolves.toEqual([]);
  expect(described()).toBe(2);
  api = moved;
});

test('an API server whose CA is another by now is asked for again', async () => {
  const other = await startScriptedApiServer();
  eks.addCluster({ name: 'demo', endpoint: api.server, caData: other.caData });
  await other.stop();
  const error = await (await cluster({ name: 'demo' })).listPods({}).catch((e: unknown) => e);
  expect(kubernetesFailure(error).kind).toBe('untrusted');
  eks.addCluster({ name: 'demo', endpoint: api.server, caData: api.caData });
  await expect((await cluster({ name: 'demo' })).listPods({})).resolves.toEqual([]);
});

test('a refused request does not make EKS be asked again', async () => {
  api.answer(() => refusal(403, {}));
  await expect((await cluster({ name: 'demo' })).listPods({})).rejects.toMatchObject({ code: 403 });
  await cluster({ name: 'demo' });
  expect(described()).toBe(1);
});

test('a cluster that EKS does not have is an error that names it, and asked for again', async () => {
  await expect(cluster({ name: 'nope' })).rejects.toMatchObject({
    errorCode: 'cluster-not-found',
    message: expect.stringContaining('nope in us-east-1'),
  });
  eks.addCluster({ name: 'nope', endpoint: api.server, caData: api.caData });
  await expect(cluster({ name: 'nope' })).resolves.toBeDefined();
});

test.each([
  { name: 'demo', status: 'CREATING' } as const,
  { name: 'demo', status: 'DELETING', endpoint: 'https://127.0.0.1', caData: 'YQ==' } as const,
])('a cluster that is $status is not ready', async (made) => {
  eks.addCluster(made);
  await expect(cluster({ name: 'demo' })).rejects.toMatchObject({
    errorCode: 'cluster-not-ready',
    message: expect.stringContaining(made.status),
  });
});

test('a cluster that is being updated serves', async () => {
  eks.addCluster({ name: 'demo', status: 'UPDATING', endpoint: api.server, caData: api.caData });
  await expect((await cluster({ name: 'demo' })).listPods({})).resolves.toEqual([]);
});

test('a role that may not describe the cluster is told what to allow', async () => {
  eks.faults.add({ effect: { kind: 'error', code: 'AccessDeniedException', status: 403 } });
  await expect(cluster({ name: 'demo' })).rejects.toMatchObject({
    errorCode: 'access-denied',
    message: expect.stringContaining('eks:DescribeCluster'),
  });
});

test('an EKS that fails otherwise is the client’s own error', async () => {
  eks.faults.add({ effect: { kind: 'error', code: 'ServerException', status: 500 } });
  await expect(cluster({ name: 'demo' })).rejects.toMatchObject({ name: 'ServerException' });
  await expect(cluster({ name: 'demo' })).resolves.toBeDefined();
});

test('an endpoint that is not HTTPS is never sent a token', async () => {
  const endpoint = api.server.replace('https:', 'http:');
  eks.addCluster({ name: 'demo', endpoint, caData: api.caData });
  await expect(cluster({ name: 'demo' })).rejects.toThrow('cluster.endpoint');
});
