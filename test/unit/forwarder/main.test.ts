import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { expect, onTestFinished, test, vi } from 'vitest';
import { startProxy, startTlsFront } from '../../support/proxy.ts';
import { temporaryFolder } from '../../support/temporary-folder.ts';
import { type Cluster, startCluster } from './cluster.ts';
import { type Queue, startQueue } from './replicas.ts';

const MAIN = new URL('../../../forwarder/main.ts', import.meta.url).pathname;
const SOON = { timeout: 10_000, interval: 50 };

interface Program {
  /** What it logged so far, a JSON object a line. */
  log(): Record<string, unknown>[];
  kill(signal: NodeJS.Signals): void;
  readonly exit: Promise<number | null>;
}

function run(env: Record<string, string>): Program {
  const inherited = { PATH: process.env.PATH, NODE_OPTIONS: process.env.NODE_OPTIONS };
  const child = spawn(process.execPath, [MAIN], {
    env: { ...inherited, ...env },
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  onTestFinished(() => void child.kill('SIGKILL'));
  let output = '';
  child.stdout.setEncoding('utf8').on('data', (text) => {
    output += text;
  });
  return {
    log: () =>
      output
        .split('\n')
        .slice(0, -1)
        .map((line) => JSON.parse(line)),
    kill: (signal) => void child.kill(signal),
    exit: once(child, 'exit').then(([code]) => code),
  };
}

async function environment(cluster: Cluster, queue: Queue): Promise<Record<string, string>> {
  const directory = await temporaryFolder();
  const kubeconfig = join(directory, 'kubeconfig');
  await writeFile(kubeconfig, cluster.api.kubeconfig());
  return {
    CLUSTER_NAME: 'demo',
    // As in a cloud: not where the sandbox listens, which is what the next line is for.
    QUEUE_URL: queue.url.replace(/:\d+/, ':1'),
    AWS_ENDPOINT_URL_SQS: queue.sqs.endpoint,
    AWS_REGION: queue.sqs.region,
    AWS_ACCESS_KEY_ID: 'test',
    AWS_SECRET_ACCESS_KEY: 'test',
    AWS_EC2_METADATA_DISABLED: 'true',
    POD_NAME: 'forwarder-0',
    POD_NAMESPACE: 'default',
    HTTP_HOST: '127.0.0.1',
    HTTP_PORT: '0',
    KUBECONFIG: kubeconfig,
  };
}

test('the program sends what it sees, and on SIGTERM what it has gathered, and gives way', async () => {
  const cluster = await startCluster();
  const queue = await startQueue();
  cluster.createPod('p1', 'a', ['172.16.1.70']);
  const program = run(await environment(cluster, queue));
  await vi.waitFor(() => expect(queue.events()).toEqual(['a resync']), SOON);
  const { port } = program.log().find((line) => 'port' in line) ?? {};
  expect((await fetch(`http://127.0.0.1:${port}/healthz`)).status).toBe(200);

  cluster.createPod('p2', 'a', ['172.16.1.71']);
  await vi.waitFor(() => expect(queue.events()).toContain('a add p2'), SOON);
  cluster.removePod('p2');
  await vi.waitFor(async () => {
    const metrics = await (await fetch(`http://127.0.0.1:${port}/metrics`)).text();
    expect(metrics).toContain('type="DELETED"} 1');
  }, SOON);
  program.kill('SIGTERM');
  expect(await program.exit).toBe(0);
  expect(queue.events()).toContain('a delete p2 172.16.1.71');
  expect(cluster.api.objects.get('leases', { name: 'multus-eni-forwarder' })).toMatchObject({
    spec: { holderIdentity: '' },
  });
});

test('the program renews its Lease over connections that it keeps', async () => {
  const cluster = await startCluster();
  const queue = await startQueue();
  cluster.createPod('p1', 'a', ['172.16.1.70']);
  run(await environment(cluster, queue));
  await vi.waitFor(() => expect(queue.events()).toEqual(['a resync']), SOON);
  const renewed = (): number =>
    cluster.api.calls.filter(({ verb, resource }) => verb === 'update' && resource === 'leases')
      .length;
  await vi.waitFor(() => expect(renewed()).toBeGreaterThanOrEqual(1), SOON);
  const opened = cluster.api.connections();
  await vi.waitFor(() => expect(renewed()).toBeGreaterThanOrEqual(2), SOON);
  expect(cluster.api.connections()).toBe(opened);
});

test('the program ends with the reason if its environment is not right', async () => {
  const program = run({ CLUSTER_NAME: 'demo' });
  expect(await program.exit).toBe(1);
  expect(JSON.stringify(program.log())).toContain('QUEUE_URL: ');
});

test('the program ends with the reason if its port is taken', async () => {
  const cluster = await startCluster();
  const queue = await startQueue();
  const other = createServer().listen(0, '127.0.0.1');
  onTestFinished(() => void other.close());
  await once(other, 'listening');
  const address = other.address();
  const port = typeof address === 'object' ? address?.port : undefined;
  const program = run({ ...(await environment(cluster, queue)), HTTP_PORT: String(port) });
  expect(await program.exit).toBe(1);
  expect(JSON.stringify(program.log())).toContain('EADDRINUSE');
});

/** The sandbox's SQS by TLS, and a file with what the program is to trust for it. */
async function queueByTls(queue: Queue): Promise<Record<string, string>> {
  const front = await startTlsFront(queue.sqs.endpoint);
  const directory = await temporaryFolder();
  const file = join(directory, 'ca.crt');
  await writeFile(file, front.ca);
  return { AWS_ENDPOINT_URL_SQS: front.endpoint, NODE_EXTRA_CA_CERTS: file };
}

test('the program reaches the API server and SQS through the proxy that it is told', async () => {
  const cluster = await startCluster();
  const queue = await startQueue();
  const proxy = await startProxy();
  const byTls = await queueByTls(queue);
  cluster.createPod('p1', 'a', ['172.16.1.70']);
  run({ ...(await environment(cluster, queue)), ...byTls, HTTPS_PROXY: proxy.url });
  await vi.waitFor(() => expect(queue.events()).toEqual(['a resync']), SOON);
  const server = new URL(cluster.api.url).host;
  const sqs = new URL(byTls.AWS_ENDPOINT_URL_SQS ?? '').host;
  expect(new Set(proxy.tunnels())).toEqual(new Set([server, sqs]));
});

test('the program reaches by itself what NO_PROXY names', async () => {
  const cluster = await startCluster();
  const queue = await startQueue();
  const proxy = await startProxy();
  const server = new URL(cluster.api.url).host;
  const byTls = await queueByTls(queue);
  cluster.createPod('p1', 'a', ['172.16.1.70']);
  const inherited = { ...(await environment(cluster, queue)), ...byTls };
  run({ ...inherited, HTTPS_PROXY: proxy.url, NO_PROXY: server });
  await vi.waitFor(() => expect(queue.events()).toEqual(['a resync']), SOON);
  expect(new Set(proxy.tunnels())).toEqual(
    new Set([new URL(byTls.AWS_ENDPOINT_URL_SQS ?? '').host]),
  );
});

test('the program ends with the reason if the proxy is no URL', async () => {
  const program = run({ CLUSTER_NAME: 'demo', HTTPS_PROXY: 'proxy:3128' });
  expect(await program.exit).toBe(1);
  expect(JSON.stringify(program.log())).toContain('HTTPS_PROXY: not the URL of a proxy');
});
