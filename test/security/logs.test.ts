import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { SQSClient } from '@aws-sdk/client-sqs';
import { afterAll, beforeAll, expect, test, vi } from 'vitest';
import { bundleFunctions, type Product, startProduct } from '../../demo/product.ts';
import { ADMIN_TOKEN } from '../../sandbox/kubernetes/authentication.ts';
import { startWorld, type World } from '../../sandbox/world.ts';
import { FLOATING_IPS, NETWORK_STATUS } from '../../shared/cluster/annotations.ts';
import { CONDITION_TYPE } from '../../shared/cluster/kubernetes.ts';
import { podFromObject } from '../../shared/cluster/pods.ts';
import { nodeGroup } from '../../shared/messages/group.ts';
import { nodeMessage } from '../support/messages.ts';
import { sendTo } from '../support/queue.ts';

/*
 * Bundled functions and forwarder, as they are deployed, at their most talkative, on a bad day:
 * everything that they write is collected.
 */

const SESSION_TOKEN = 'FwoGZXIvYXdzSESSIONTOKENofTheFunctions';
const FORGED = '{"level":"ERROR","message":"forged"}';
const X = '172.16.1.70';
const PODS = { namespace: 'default', name: 'app' };

const resources = new AsyncDisposableStack();
afterAll(() => resources.disposeAsync());

let world: World;
let product: Product;

beforeAll(async () => {
  const started = resources.adopt(await startWorld(), (each) => each.stop());
  const folder = await mkdtemp(join(tmpdir(), 'logs-'));
  resources.defer(() => rm(folder, { recursive: true }));
  await bundleFunctions(folder);
  world = {
    ...started,
    environment: {
      ...started.environment,
      AWS_SESSION_TOKEN: SESSION_TOKEN,
      POWERTOOLS_LOG_LEVEL: 'DEBUG',
      LOG_LEVEL: 'trace',
    },
  };
  product = startProduct(world, folder, resources);
  await product.startForwarder();
  product.startDelivery();
  await aBadDay();
});

/** As `expect.poll`, which is not to be had before the tests begin. */
function until(holds: () => void): Promise<void> {
  return vi.waitFor(holds, { interval: 10, timeout: 20_000 });
}

/** The product succeeds once, then everything that can be refused is refused, then it ends. */
async function aBadDay(): Promise<void> {
  const { cluster, ec2, sqs } = world;
  const { objects, faults } = cluster.kubernetes;
  const node = cluster.addWorker().name;
  const config = JSON.stringify({ type: 'ipvlan', master: 'eth1', ipam: { type: 'static' } });
  objects.create('network-attachment-definitions', {
    metadata: { name: 'net-1', namespace: 'default' },
    spec: { config },
  });
  objects.create('pods', {
    metadata: PODS,
    spec: { nodeName: node, containers: [{ name: 'app', image: 'app' }] },
  });
  const isRunning = () => JSON.stringify(objects.find('pods', PODS)?.status ?? {});
  await until(() => expect(isRunning()).toContain('"phase":"Running"'));
  annotate({ [NETWORK_STATUS]: JSON.stringify([{ name: 'net-1', interface: 'net1', ips: [X] }]) });
  await until(() => expect(condition()).toMatchObject({ status: 'True' }));

  // What somebody writes into an annotation and into a message comes up in what is logged.
  annotate({ [FLOATING_IPS]: JSON.stringify([`\n${FORGED}\n`]) });
  await until(() => expect(condition()).toMatchObject({ reason: 'UnreadableAnnotation' }));
  await send(`\n${FORGED}\n`);
  await send(JSON.stringify({ ...JSON.parse(message(node)), [`\n${FORGED}\n`]: 1 }));
  await until(() => expect(sqs.messages(world.deadLetterQueue.name).length).toBe(2));

  // Refusals, and what has no answer at all.
  annotate({ [FLOATING_IPS]: null });
  const refused = { kind: 'error', code: 'UnauthorizedOperation', status: 403 } as const;
  ec2.faults.add({ times: 3, effect: refused });
  await sent(node);
  faults.failNext(2, ({ user }) => user !== 'admin', 401);
  await sent(node);
  faults.failNext(2, ({ user }) => user !== 'admin', 500);
  await sent(node);
  faults.goDown('unreachable');
  await send(message(node), groupOf(node));
  await product.sweep.invoke({}).catch(() => undefined);
  await until(() =>
    expect(product.log.filter((line) => line.includes('"ERROR"')).length).toBeGreaterThan(3),
  );
  faults.comeUp();
  await until(() => expect(sqs.messages(world.queue.name).length).toBe(0));
  await product.stopForwarder();
}

function annotate(annotations: Readonly<Record<string, string | null>>): void {
  world.cluster.kubernetes.objects.patch('pods', PODS, { metadata: { annotations } });
}

function condition() {
  const object = world.cluster.kubernetes.objects.find('pods', PODS);
  if (object === undefined) throw new Error(`no pod has the condition ${CONDITION_TYPE}`);
  return podFromObject(object).condition;
}

function groupOf(node: string): string {
  return nodeGroup(world.cluster.name, node);
}

function message(node: string): string {
  return JSON.stringify(nodeMessage({ cluster: world.cluster.name, node }));
}

/** @param group of the node that the message names, otherwise the message is set aside. */
async function send(body: string, group = 'test'): Promise<void> {
  const { environment, queue, sqs } = world;
  const credentials = {
    accessKeyId: environment.AWS_ACCESS_KEY_ID ?? '',
    secretAccessKey: environment.AWS_SECRET_ACCESS_KEY ?? '',
  };
  const client = new SQSClient({ region: sqs.region, endpoint: sqs.endpoint, credentials });
  await sendTo(client, queue.url, group, body);
}

/** Sends a message about the node, and waits until it has been done, also after a retry. */
async function sent(node: string): Promise<void> {
  await send(message(node), groupOf(node));
  await until(() => expect(world.sqs.messages(world.queue.name).length).toBe(0));
}

test('no secret is in any line', () => {
  const secrets = {
    'a token for an API server': 'k8s-aws-v1.',
    'the secret key': world.environment.AWS_SECRET_ACCESS_KEY ?? '',
    'the session token': SESSION_TOKEN,
    'a signature': 'X-Amz-Signature',
    'an Authorization header': 'Bearer ',
    "the forwarder's token": ADMIN_TOKEN,
  };
  for (const [what, secret] of Object.entries(secrets)) {
    expect(secret).not.toBe('');
    expect(
      product.log.filter((line) => line.includes(secret)),
      what,
    ).toEqual([]);
  }
  // There was something to be told.
  const text = product.log.join('\n');
  for (const told of ['UnauthorizedOperation', ': 401 ', ': 500 ', 'hang up']) {
    expect(text).toContain(told);
  }
});

test('what somebody else wrote begins no line of its own', () => {
  const lines = product.log.map((line) => JSON.parse(line));
  const said = lines.map(({ message, msg }) => message ?? msg);
  expect(said).not.toContain('forged');
  const quoting = product.log.filter((line) => line.includes('forged'));
  const quoted = new Set(quoting.map((line) => JSON.parse(line).message));
  expect(quoted).toEqual(new Set(['reconciled', 'a message was set aside']));
});
