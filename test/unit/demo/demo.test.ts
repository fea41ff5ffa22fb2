import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, readFileSync } from 'node:fs';
import { text } from 'node:stream/consumers';
import { DescribeNetworkInterfacesCommand, EC2Client } from '@aws-sdk/client-ec2';
import { CoreV1Api, KubeConfig } from '@kubernetes/client-node';
import { type TestContext, test, vi } from 'vitest';
import * as z from 'zod';
import { CREDENTIALS } from '../../../sandbox/aws.ts';

const MAIN = new URL('../../../demo/main.ts', import.meta.url).pathname;
const SOON = { timeout: 120_000, interval: 50 };

const reportShape = {
  ok: z.literal(true),
  steps: z
    .array(z.strictObject({ name: z.string(), ok: z.literal(true), ms: z.number().int().min(0) }))
    .min(10),
  latencyMs: z.strictObject({
    p50: z.number().positive(),
    p99: z.number().positive(),
    n: z.number().int().min(10),
  }),
  ec2Calls: z.record(z.string(), z.number().int().positive()),
};
const report = z.strictObject(reportShape);
const kept = z.strictObject({
  ...reportShape,
  kubeconfig: z.string(),
  log: z.string(),
  map: z.url(),
  stage: z.literal('demo'),
  endpoints: z.looseObject({ ec2: z.url() }).catchall(z.url()),
  region: z.literal('us-east-1'),
  cluster: z.literal('demo'),
  nodes: z
    .array(
      z.strictObject({
        name: z.string(),
        instanceId: z.string(),
        enis: z
          .array(
            z.strictObject({
              id: z.string(),
              deviceIndex: z.number(),
              mac: z.string(),
              subnet: z.string(),
            }),
          )
          .length(3),
      }),
    )
    .length(2),
  queueUrl: z.url(),
  deadLetterQueueUrl: z.url(),
});

interface Demo {
  readonly process: ChildProcess;
  readonly exit: Promise<number | null>;
  /** All of stdout, complete once it ended. */
  readonly stdout: Promise<string>;
  /** What is on stdout so far. */
  soFar(): string;
  /** Whether it or a process that it started still runs. */
  runs(): boolean;
}

/** Starts the demo as the leader of a process group, in which its children are too. */
function startDemo({ onTestFinished }: TestContext, ...options: string[]): Demo {
  const child = spawn(process.execPath, [MAIN, ...options], {
    detached: true,
    env: { PATH: process.env.PATH, NODE_OPTIONS: process.env.NODE_OPTIONS },
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const signalGroup = (signal: NodeJS.Signals | 0): boolean => {
    try {
      return process.kill(-Number(child.pid), signal);
    } catch {
      return false;
    }
  };
  onTestFinished(() => void signalGroup('SIGKILL'));
  let output = '';
  child.stdout.on('data', (chunk) => {
    output += chunk;
  });
  return {
    process: child,
    exit: once(child, 'exit').then(([code]) => code),
    stdout: text(child.stdout),
    soFar: () => output,
    runs: () => signalGroup(0),
  };
}

test.concurrent('the whole scenario comes out as it must, and is reported as one JSON object', async (context) => {
  const { expect } = context;
  const demo = startDemo(context, '--json');
  const output = await demo.stdout;
  expect(await demo.exit).toBe(0);
  const { ec2Calls } = report.parse(JSON.parse(output));
  expect(Object.keys(ec2Calls)).toContain('AssignPrivateIpAddresses');
  expect(demo.runs()).toBe(false);
});

test.concurrent('what is kept serves any client, goes on reconciling, and ends on SIGTERM', async (context) => {
  const { expect } = context;
  const demo = startDemo(context, '--json', '--keep');
  const object = await vi.waitFor(() => kept.parse(JSON.parse(demo.soFar())), SOON);
  expect(readFileSync(object.log, 'utf8')).toContain('"message":"swept"');
  expect(await (await fetch(object.map)).text()).toContain('<title>multus-eni map</title>');
  const config = new KubeConfig();
  config.loadFromFile(object.kubeconfig);
  const [node] = object.nodes;
  const ec2 = new EC2Client({
    endpoint: object.endpoints.ec2,
    region: object.region,
    credentials: CREDENTIALS,
  });
  await config.makeApiClient(CoreV1Api).createNamespacedPod({
    namespace: 'default',
    body: {
      metadata: {
        name: 'another',
        annotations: { 'k8s.v1.cni.cncf.io/networks': 'ipvlan-conf-2' },
      },
      spec: { nodeName: node?.name, containers: [{ name: 'app', image: 'app' }] },
    },
  });
  await vi.waitFor(async () => {
    const { id = '' } = node?.enis.find(({ subnet }) => subnet === '172.16.3.0/24') ?? {};
    const command = new DescribeNetworkInterfacesCommand({ NetworkInterfaceIds: [id] });
    const { NetworkInterfaces: [eni] = [] } = await ec2.send(command);
    expect(eni?.PrivateIpAddresses).toHaveLength(2);
  }, SOON);

  demo.process.kill('SIGTERM');
  expect(await demo.exit).toBe(0);
  expect(demo.runs()).toBe(false);
  expect(existsSync(object.kubeconfig)).toBe(false);
});

test.concurrent('interrupted while it plays, it leaves nothing running', async (context) => {
  const { expect } = context;
  const demo = startDemo(context);
  await vi.waitFor(() => expect(demo.soFar()).toContain('✔ two workers'), SOON);
  demo.process.kill('SIGINT');
  expect(await demo.exit).toBe(130);
  expect(demo.runs()).toBe(false);
});
