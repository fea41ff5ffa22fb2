import { DescribeClusterCommand, EKSClient, ListClustersCommand } from '@aws-sdk/client-eks';
import { Sha256 } from '@smithy/core/checksum';
import { SignatureV4 } from '@smithy/signature-v4';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { virtualClock } from '../../../sandbox/clock.ts';
import { type EksServer, startEks } from '../../../sandbox/eks/server.ts';
import { eksToken } from '../../../shared/cluster/token.ts';

const ROLE = 'arn:aws:iam::111122223333:role/reconcile';
const KEY = { accessKeyId: 'ASIAEXAMPLE', secretAccessKey: 'secret' };
const clock = virtualClock();

let eks: EksServer;
beforeEach(async () => {
  eks = await startEks({
    clock,
    region: 'us-east-1',
    account: '111122223333',
    clusters: ['a', 'b', 'c'].map((name) => ({
      name,
      endpoint: `https://${name}.example`,
      caData: 'Y2E=',
    })),
  });
  eks.addCredentials({ ...KEY, roleArn: ROLE });
});
afterEach(() => eks.stop());

function client(credentials = KEY): EKSClient {
  return new EKSClient({
    region: 'us-east-1',
    endpoint: eks.endpoint,
    credentials,
    maxAttempts: 1,
  });
}

test('a cluster is described with endpoint, CA and state', async () => {
  const { cluster } = await client().send(new DescribeClusterCommand({ name: 'a' }));
  expect(cluster).toMatchObject({
    name: 'a',
    arn: 'arn:aws:eks:us-east-1:111122223333:cluster/a',
    status: 'ACTIVE',
    endpoint: 'https://a.example',
    certificateAuthority: { data: 'Y2E=' },
  });
});

test('a cluster that is not there is not found', async () => {
  await expect(client().send(new DescribeClusterCommand({ name: 'x' }))).rejects.toMatchObject({
    name: 'ResourceNotFoundException',
    message: 'No cluster found for name: x.',
  });
});

test('clusters are listed in pages', async () => {
  const first = await client().send(new ListClustersCommand({ maxResults: 2 }));
  expect(first.clusters).toEqual(['a', 'b']);
  const second = await client().send(
    new ListClustersCommand({ maxResults: 2, nextToken: first.nextToken }),
  );
  expect(second.clusters).toEqual(['c']);
  expect(second.nextToken).toBeUndefined();
});

test('a page of no size is refused', async () => {
  await expect(client().send(new ListClustersCommand({ maxResults: 0 }))).rejects.toMatchObject({
    name: 'InvalidParameterException',
  });
});

test('a request that an unknown key or another secret signed is refused', async () => {
  const unknown = client({ accessKeyId: 'ASIAOTHER', secretAccessKey: 'secret' });
  await expect(unknown.send(new ListClustersCommand({}))).rejects.toMatchObject({
    name: 'UnrecognizedClientException',
  });
  const guessed = client({ ...KEY, secretAccessKey: 'guessed' });
  await expect(guessed.send(new ListClustersCommand({}))).rejects.toMatchObject({
    name: 'InvalidSignatureException',
  });
});

async function callerIdentity(secretAccessKey: string): Promise<Response> {
  const signer = new SignatureV4({
    service: 'sts',
    region: 'us-east-1',
    credentials: { ...KEY, secretAccessKey },
    sha256: Sha256,
  });
  const { host } = new URL(eks.stsEndpoint);
  const body = 'Action=GetCallerIdentity&Version=2011-06-15';
  const { headers } = await signer.sign({
    method: 'POST',
    protocol: 'http:',
    hostname: host,
    path: '/',
    headers: { host, 'content-type': 'application/x-www-form-urlencoded' },
    body,
  });
  return fetch(eks.stsEndpoint, { method: 'POST', headers, body });
}

test('STS says which role’s session the caller is', async () => {
  const response = await callerIdentity('secret');
  expect(await response.text()).toContain(
    '<Arn>arn:aws:sts::111122223333:assumed-role/reconcile/sandbox</Arn>',
  );
});

test('STS refuses a signature of another secret', async () => {
  const response = await callerIdentity('guessed');
  expect(response.status).toBe(403);
  expect(await response.text()).toContain('<Code>SignatureDoesNotMatch</Code>');
});

async function reviewOf(cluster: string, token: string): Promise<unknown> {
  const response = await fetch(eks.webhookUrl(cluster), {
    method: 'POST',
    body: JSON.stringify({
      apiVersion: 'authentication.k8s.io/v1',
      kind: 'TokenReview',
      spec: { token },
    }),
  });
  return response.json();
}

test('the webhook reviews a token for its cluster', async () => {
  eks.addAccessEntry('a', ROLE, 'reconcile', ['multus-eni-reconciler']);
  const options = { region: 'us-east-1', credentials: async () => KEY, clock };
  const { token } = await eksToken({ cluster: 'a', ...options });
  expect(await reviewOf('a', token)).toEqual({
    apiVersion: 'authentication.k8s.io/v1',
    kind: 'TokenReview',
    status: {
      authenticated: true,
      user: { username: 'reconcile', groups: ['multus-eni-reconciler'] },
    },
  });
  expect(await reviewOf('b', token)).toMatchObject({
    status: { authenticated: false, error: expect.stringContaining('cluster b') },
  });
});

test.each(['', '{}', '{"kind":"TokenReview","apiVersion":"authentication.k8s.io/v1beta1"}'])(
  'what is no TokenReview is refused by the webhook: %j',
  async (body) => {
    const response = await fetch(eks.webhookUrl('a'), { method: 'POST', body });
    expect(response.status).toBe(400);
  },
);

test('a fault strikes the action that it names, and every call is counted', async () => {
  eks.faults.add({
    action: 'DescribeCluster',
    effect: { kind: 'error', code: 'ThrottlingException', status: 429, message: 'Rate exceeded' },
  });
  await client().send(new ListClustersCommand({}));
  await expect(client().send(new DescribeClusterCommand({ name: 'a' }))).rejects.toMatchObject({
    name: 'ThrottlingException',
  });
  await client().send(new DescribeClusterCommand({ name: 'a' }));
  expect(eks.calls.counts()).toEqual({ ListClusters: 1, DescribeCluster: 2 });
});

test('a lost response is an error to the caller, and done here', async () => {
  eks.faults.add({ effect: { kind: 'lost-response' } });
  await expect(client().send(new ListClustersCommand({}))).rejects.toThrow();
  expect(eks.calls.all()).toMatchObject([{ action: 'ListClusters', outcome: { kind: 'lost' } }]);
});
