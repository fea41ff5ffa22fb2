import { AccessDeniedException, EKSClient } from '@aws-sdk/client-eks';
import { expect, onTestFinished, test } from 'vitest';
import { CLUSTER_CHECKS, runClusterChecks } from '../../../conformance/cluster/index.ts';
import { CHECKS } from '../../../conformance/facts/index.ts';
import { run } from '../../../conformance/program.ts';
import { sandboxTarget } from '../../../conformance/target.ts';
import { startWorld } from '../../../sandbox/world.ts';

async function clusterBed() {
  const world = await startWorld();
  onTestFinished(() => world.stop());
  const { environment, eks, clock } = world;
  const key = {
    accessKeyId: environment.AWS_ACCESS_KEY_ID ?? '',
    secretAccessKey: environment.AWS_SECRET_ACCESS_KEY ?? '',
  };
  const client = new EKSClient({
    region: world.ec2.region,
    endpoint: eks.endpoint,
    credentials: key,
  });
  const run = (name: string, credentials = key) =>
    runClusterChecks(name, {
      eks: client,
      credentials: async () => credentials,
      region: world.ec2.region,
      clock,
      signal: new AbortController().signal,
    });
  return { client, run, world };
}

test('--sandbox ends with 0: all passes but what was not agreed to', async () => {
  const said = { stdout: '', stderr: '' };
  const code = await run(['--sandbox', '--no-buckets'], {
    aws: () => Promise.reject(new Error('this is not for AWS')),
    sandbox: sandboxTarget,
    ask: () => Promise.reject(new Error('nobody is asked')),
    print: (text) => (said.stdout += text),
    tell: (text) => (said.stderr += text),
    progress: () => undefined,
    interrupted: () => new AbortController().signal,
  });
  const drained = CHECKS.filter(({ drains }) => drains).length;
  const passed = CHECKS.length + CLUSTER_CHECKS.length - drained;
  expect(said.stdout).toContain(`${passed} as expected, 0 differs, ${drained} not made;`);
  expect({ code, stderr: said.stderr }).toEqual({ code: 0, stderr: '' });
});

test('the checks of EKS pass on the sandbox’s cluster, and change nothing in it', async () => {
  const target = await sandboxTarget();
  onTestFinished(() => target.stop());
  const { signal } = new AbortController();
  const results = await target.cluster(target.choice?.cluster ?? '', signal);
  expect(results.map(({ id, verdict }) => [id, verdict])).toEqual(
    CLUSTER_CHECKS.map(({ id }) => [id, 'as expected']),
  );
});

test('a role without an access entry is told so by the one check, and nothing is taken for granted', async () => {
  const { run, world } = await clusterBed();
  const stranger = { accessKeyId: 'AKIASTRANGER', secretAccessKey: 'secret' };
  world.eks.addCredentials({ ...stranger, roleArn: 'arn:aws:iam::111122223333:role/stranger' });
  const results = await run('demo', stranger);
  const differs = results.filter(({ verdict }) => verdict === 'differs').map(({ id }) => id);
  expect(differs).toContain('eks-token');
  expect(results.find(({ id }) => id === 'eks-token')?.seen).toBe('401');
});

test('of a cluster that is not there no check is made, and each says why', async () => {
  const { run } = await clusterBed();
  const results = await run('elsewhere');
  expect(new Set(results.map(({ verdict }) => verdict))).toEqual(new Set(['not made']));
  expect(results[0]?.seen).toMatch(/no cluster elsewhere/);
});

test('without the right to ask EKS for the cluster no check of it is made, and each names that right', async () => {
  const { client, run } = await clusterBed();
  client.middlewareStack.add(
    () => async () => {
      throw new AccessDeniedException({ message: 'not authorized', $metadata: {} });
    },
    { step: 'initialize' },
  );
  const results = await run('demo');
  expect(results.map(({ id }) => id)).toEqual(CLUSTER_CHECKS.map(({ id }) => id));
  expect(new Set(results.map(({ verdict }) => verdict))).toEqual(new Set(['not made']));
  expect(results.filter(({ seen }) => !seen.includes('eks:DescribeCluster'))).toEqual([]);
});
