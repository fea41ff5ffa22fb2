import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { build } from 'esbuild';
import { afterAll, beforeAll, describe, expect, onTestFinished, test, vi } from 'vitest';
import type { aws } from '../../../functions/context.ts';
import { startEks } from '../../../sandbox/eks/server.ts';
import { ADMIN_TOKEN } from '../../../sandbox/kubernetes/authentication.ts';
import { startKubernetes } from '../../../sandbox/kubernetes/kubernetes.ts';
import { startSsm } from '../../../sandbox/ssm/server.ts';
import { writeArtifacts } from '../../../scripts/artifacts.ts';
import { BUNDLING, type Bundle, bundleFunction, FUNCTIONS } from '../../../scripts/bundle.ts';
import { awsSchemas, withoutComputedKeys } from '../../../scripts/esbuild-aws-schemas.ts';
import { onLambda } from '../../../scripts/esbuild-lambda.ts';
import { tokenTransport } from '../../../shared/cluster/authenticated-transport.ts';
import { connectKubernetes } from '../../../shared/cluster/client.ts';
import { NETWORK_DEFINITIONS } from '../../../shared/cluster/networks.ts';
import { systemClock } from '../../../shared/time/clock.ts';

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'bundle-'));
});
afterAll(() => rm(folder, { recursive: true, force: true }));

/** The client as the bundles have it. */
async function bundledClient(): Promise<typeof connectKubernetes> {
  const outfile = join(folder, 'client.cjs');
  const entryPoints = [join(import.meta.dirname, '../../../shared/cluster/client.ts')];
  await build({ ...BUNDLING, entryPoints, outfile, sourcemap: false });
  return (await import(outfile)).connectKubernetes;
}

describe.each([
  ['as it is', async () => connectKubernetes],
  ['as it is bundled', bundledClient],
])('the Kubernetes client %s', (_, load) => {
  async function start() {
    const connect = await load();
    const api = await startKubernetes();
    onTestFinished(() => api.stop());
    const { url: server, caData, objects } = api;
    const token = async () => ADMIN_TOKEN;
    const kubernetes = connect({
      transport: tokenTransport({ server, caData, token }),
      clock: systemClock,
      requestTimeoutMs: 30_000,
    });
    return { api, objects, kubernetes };
  }

  test('reads lists of many pages, and single objects', async () => {
    const { objects, kubernetes } = await start();
    const spec = { nodeName: 'worker-a', containers: [{ name: 'app', image: 'app' }] };
    for (let n = 0; n < 501; n += 1) {
      objects.create('pods', { metadata: { namespace: 'default', name: `pod-${n}` }, spec });
    }
    objects.create('nodes', {
      metadata: { name: 'worker-a' },
      spec: { providerID: 'aws:///us-east-1a/i-0abc' },
    });
    objects.create(NETWORK_DEFINITIONS.plural, {
      metadata: { namespace: 'default', name: 'ipvlan', annotations: {} },
      spec: { config: '{}' },
    });
    const pods = await kubernetes.listPods({ node: 'worker-a' });
    expect(pods).toHaveLength(501);
    expect(pods[0]).toMatchObject({ node: 'worker-a', createdAt: expect.any(Number) });
    const node = { name: 'worker-a', instanceId: 'i-0abc' };
    expect(await kubernetes.getNode('worker-a')).toMatchObject(node);
    expect(await kubernetes.getNode('worker-b')).toBeUndefined();
    expect(await kubernetes.listNodes()).toMatchObject([node]);
    expect(await kubernetes.listNetworkAttachmentDefinitions()).toMatchObject([
      { namespace: 'default', name: 'ipvlan', config: '{}' },
    ]);
  });

  test('patches a pod’s condition and writes an Event', async () => {
    const { objects, kubernetes } = await start();
    const { metadata } = objects.create('pods', {
      metadata: { namespace: 'default', name: 'sampleapp' },
      spec: { containers: [{ name: 'app', image: 'app' }] },
    });
    const pod = { namespace: 'default', name: 'sampleapp', uid: metadata.uid };
    const condition = { status: 'True', reason: 'Assigned', message: '172.16.1.70' } as const;
    const at = Date.UTC(2026, 0, 1);
    await kubernetes.setPodCondition(pod, { ...condition, lastTransitionTime: at });
    expect(objects.get('pods', pod).status).toMatchObject({
      conditions: [{ ...condition, lastTransitionTime: '2026-01-01T00:00:00.000Z' }],
    });
    await kubernetes.writeEvent({
      ...{ regarding: { kind: 'Pod', ...pod }, type: 'Normal', reason: 'IPsAssigned' },
      ...{ message: 'assigned', at },
    });
    expect(objects.list('events', 'default')).toMatchObject([
      { involvedObject: { uid: metadata.uid }, firstTimestamp: '2026-01-01T00:00:00.000Z' },
    ]);
  });
});

test('what is deployed of a function stays under a megabyte', async () => {
  const artifacts = await writeArtifacts(folder);
  expect(artifacts.map(({ name }) => name)).toEqual(FUNCTIONS);
  for (const { zipBytes } of artifacts) expect(zipBytes).toBeLessThan(1_000_000);
});

/** The bytes that a bundle has of the files whose path matches. */
function bytesOf({ metafile }: Bundle, path: RegExp): number {
  return Object.values(metafile.outputs)
    .flatMap(({ inputs }) => Object.entries(inputs))
    .filter(([input]) => path.test(input))
    .reduce((sum, [, { bytesInOutput }]) => sum + bytesInOutput, 0);
}

describe.each(FUNCTIONS)('the bundle of %s', (name) => {
  test('has nothing of what is not called', async () => {
    const bundle = await bundleFunction(name, folder);
    expect(bytesOf(bundle, /node_modules\/undici\//)).toBe(0);
    expect(bytesOf(bundle, /node_modules\/@kubernetes\//)).toBe(0);
    // A function has its credentials in the environment, and tells errors by their names.
    const others =
      /@smithy\/credential-provider|credential-provider-(?!env)|nested-clients|token-providers/;
    expect(bytesOf(bundle, others)).toBe(0);
    expect(bytesOf(bundle, /client-(ssm|eks)\/dist-es\/models\/errors/)).toBe(0);
    expect(bytesOf(bundle, /zod\/.*json-schema/)).toBeLessThan(500);
    expect(bytesOf(bundle, /node_modules\/ip-address\//)).toBe(0);
    expect(bytesOf(bundle, /client-ssm\//)).toBeLessThan(20_000);
    // Of 1.3 MB, what the operations in use need.
    expect(bytesOf(bundle, /client-ec2\/dist-es\/schemas/)).toBeLessThan(40_000);
    expect(await readFile(join(folder, name, 'index.js'), 'latin1')).toContain(
      'DescribeNetworkInterfaces',
    );
  });
});

describe('AWS as a bundle has it', () => {
  /** The clients of the functions, bundled as the functions are. */
  async function bundledAws(): Promise<typeof aws> {
    const outfile = join(folder, 'context.cjs');
    const entryPoints = [join(import.meta.dirname, '../../../functions/context.ts')];
    const plugins = [onLambda, awsSchemas];
    await build({ ...BUNDLING, plugins, entryPoints, outfile, sourcemap: false });
    return (await import(outfile)).aws;
  }

  test('reads settings with the environment’s credentials, and knows one that is missing', async () => {
    const ssm = await startSsm();
    onTestFinished(() => ssm.stop());
    vi.stubEnv('AWS_ENDPOINT_URL_SSM', ssm.endpoint);
    vi.stubEnv('AWS_ACCESS_KEY_ID', 'test');
    vi.stubEnv('AWS_SECRET_ACCESS_KEY', 'test');
    ssm.putParameter('/here', 'settings');
    const { readSettings } = (await bundledAws())('us-east-1', systemClock);
    expect(await readSettings?.('/here')).toBe('settings');
    expect(await readSettings?.('/missing')).toBeUndefined();
  });

  test('tells by name that EKS has no such cluster', async () => {
    const eks = await startEks({
      clock: systemClock,
      region: 'us-east-1',
      account: '111122223333',
    });
    onTestFinished(() => eks.stop());
    eks.addCredentials({
      accessKeyId: 'test',
      secretAccessKey: 'test',
      roleArn: 'arn:aws:iam::111122223333:role/reconcile',
    });
    vi.stubEnv('AWS_ENDPOINT_URL_EKS', eks.endpoint);
    vi.stubEnv('AWS_ACCESS_KEY_ID', 'test');
    vi.stubEnv('AWS_SECRET_ACCESS_KEY', 'test');
    const { kubernetesOf } = (await bundledAws())('us-east-1', systemClock);
    await expect(kubernetesOf({ name: 'gone' })).rejects.toMatchObject({
      errorCode: 'cluster-not-found',
    });
  });
});

test('a computed key is written out if it is a constant text of its module, and else left', () => {
  const source = 'const _a = "xmlName";\nvar x = { [_a]: _b, [_c]: 1 };\n';
  expect(withoutComputedKeys(source)).toBe(
    'const _a = "xmlName";\nvar x = { "xmlName": _b, [_c]: 1 };\n',
  );
});
