import { readFileSync } from 'node:fs';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import {
  CreateStackCommand,
  DescribeStacksCommand,
  GetTemplateCommand,
} from '@aws-sdk/client-cloudformation';
import { CreateClusterCommand } from '@aws-sdk/client-eks';
import { GetQueueAttributesCommand } from '@aws-sdk/client-sqs';
import { afterAll, beforeAll, expect, test, vi } from 'vitest';
import * as z from 'zod';
import { aws } from '../../functions/context.ts';
import { startWorld, type World } from '../../sandbox/world.ts';
import { stackOutputs } from '../../scripts/stack-outputs.ts';
import { systemClock } from '../../shared/time/clock.ts';
import { embeddedCluster } from '../support/embedded.ts';
import { NET_1 } from '../support/networks.ts';
import { type Product, startProduct } from '../support/product.ts';
import { eventually } from '../support/wait.ts';
import { type Service, serviceWith } from '../unit/resources/service.ts';
import { waitsHere } from './columns/moto-sqs.ts';
import { type Moto, startMoto } from './moto.ts';
import { clientsOf, MOTO_CREDENTIALS } from './moto-clients.ts';
import { pythonTools } from './python-tools.ts';

/*
 * docs/clusters.md, "From the configuration to a stack of its own", step by step: stacks, queues and settings
 * on moto, and the product on the sandbox's EC2 and Kubernetes, with the environment that the
 * deployed template gives the functions.
 */

const STACK = 'multus-eni-reconciler-test';
/** moto 5.2.5 knows the exports of a stack's first template only, which a bucket of one's own makes this. */
const BUCKET = 'deployment: { bucket: deployments }\n';
const BOTH = `region: us-east-1\nclusters: [{ name: moving }, { name: staying }]\n${BUCKET}`;
const ONE = `region: us-east-1\nclusters: [{ name: staying }]\n${BUCKET}`;

let moto: Moto;
let world: World;
let service: Service;
let client: ReturnType<typeof clientsOf>;
const running: Product[] = [];

beforeAll(async () => {
  const pathOf = await pythonTools();
  moto = await startMoto(pathOf('moto_server'));
  client = clientsOf(moto.endpoint);
  world = await startWorld({ clusters: ['moving', 'staying'] });
  service = await serviceWith({ test: BOTH });
  await fetch(`${moto.endpoint}/deployments`, { method: 'PUT' });
  for (const name of world.clusters.keys()) {
    const roleArn = 'arn:aws:iam::123456789012:role/eks';
    await client.eks.send(new CreateClusterCommand({ name, roleArn, resourcesVpcConfig: {} }));
  }
  await deploy();
});

afterAll(async () => {
  for (const product of running) await product.stop();
  await service?.remove();
  await world?.stop();
  await moto?.stop();
});

const environment = (): Record<string, string> => ({
  AWS_ENDPOINT_URL: moto.endpoint,
  AWS_REGION: 'us-east-1',
  AWS_ACCESS_KEY_ID: MOTO_CREDENTIALS.accessKeyId,
  AWS_SECRET_ACCESS_KEY: MOTO_CREDENTIALS.secretAccessKey,
});

async function deploy(): Promise<void> {
  await service.serverless(['deploy', '--stage', 'test'], environment());
}

const deployedTemplate = z.object({
  Resources: z.object({
    ReconcileLambdaFunction: z.object({
      Properties: z.object({
        Environment: z.object({
          Variables: z.object({ CLUSTERS: z.string(), SETTINGS_PATH: z.string() }),
        }),
      }),
    }),
  }),
});

interface Queue {
  readonly url: string;
  readonly arn: string;
}

async function queueAt(url = ''): Promise<Queue> {
  const { Attributes } = await client.sqs.send(
    new GetQueueAttributesCommand({ QueueUrl: url, AttributeNames: ['QueueArn'] }),
  );
  return { url, arn: Attributes?.QueueArn ?? '' };
}

/** How many messages are in a queue, or in flight. */
async function sizeOf(url = ''): Promise<number> {
  const { Attributes = {} } = await client.sqs.send(
    new GetQueueAttributesCommand({ QueueUrl: url, AttributeNames: ['All'] }),
  );
  const { ApproximateNumberOfMessages, ApproximateNumberOfMessagesNotVisible } = Attributes;
  return Number(ApproximateNumberOfMessages) + Number(ApproximateNumberOfMessagesNotVisible);
}

/** The functions as they are deployed now, at one queue. */
async function functionsAt(queue: Queue): Promise<Product> {
  const { TemplateBody = '' } = await client.cloudFormation.send(
    new GetTemplateCommand({ StackName: STACK }),
  );
  const { Variables } = deployedTemplate.parse(JSON.parse(TemplateBody)).Resources
    .ReconcileLambdaFunction.Properties.Environment;
  const outputs = await stackOutputs(client.cloudFormation, STACK);
  for (const [name, value] of Object.entries(environment())) vi.stubEnv(name, value);
  const { readSettings } = aws('us-east-1', systemClock);
  const product = startProduct(
    {
      clock: systemClock,
      queue,
      environment: {
        ...world.environment,
        AWS_ENDPOINT_URL_SQS: moto.endpoint,
        ...Variables,
        QUEUE_URL: outputs.get('QueueUrl') ?? '',
        DEAD_LETTER_QUEUE_URL: outputs.get('DeadLetterQueueUrl') ?? '',
      },
    },
    {
      adaptPoller: waitsHere,
      wrap: (outside) => ({ ...outside, ...(readSettings && { readSettings }) }),
    },
  );
  running.push(product);
  return product;
}

async function outputsOfCluster(): Promise<ReadonlyMap<string, string>> {
  return stackOutputs(client.cloudFormation, `${STACK}-moving`);
}

const joinByItself = async (): Promise<void> => {
  const parameters = { ClusterName: 'moving', QueueName: 'moving', Stage: 'test' };
  await client.cloudFormation.send(
    new CreateStackCommand({
      StackName: `${STACK}-moving`,
      TemplateBody: readFileSync(
        new URL('../../deploy/cluster/template.yml', import.meta.url),
        'utf8',
      ),
      Capabilities: ['CAPABILITY_IAM'],
      Parameters: Object.entries(parameters).map(([ParameterKey, ParameterValue]) => ({
        ParameterKey,
        ParameterValue,
      })),
    }),
  );
};

test('a listed cluster gets a stack of its own, and nothing is lost on the way', async () => {
  const [moving, staying] = ['moving', 'staying'].map((name) => {
    const inside = world.clusters.get(name);
    if (inside === undefined) throw new Error(`there is no cluster ${name}`);
    return { inside, cluster: embeddedCluster(world, inside) };
  });
  if (moving === undefined || staying === undefined) throw new Error('there are two clusters');
  const unassigns = () =>
    world.ec2.calls
      .all()
      .filter(({ action }) => action.startsWith('Unassign'))
      .map(({ action }) => action);
  const podWith = async (where: typeof moving, on: { name: string }, name: string, ip: string) => {
    const networks = [{ network: NET_1, ips: [ip] }];
    const pod = await where.cluster.runPod(name, { on, networks });
    await eventually(() => where.cluster.attachedTo(pod)).toEqual([ip]);
  };
  const has = (eniId: string, ip: string): boolean =>
    world.ec2.eni(eniId).secondary.map(String).includes(ip);
  await Promise.all([moving, staying].map(({ cluster }) => cluster.applyNetwork(NET_1)));
  const [a, b] = [await moving.cluster.addWorker(), await staying.cluster.addWorker()];
  const account = await stackOutputs(client.cloudFormation, STACK);
  const stageQueue = await queueAt(account.get('QueueUrl'));

  // Before: both are listed.
  const before = await functionsAt(stageQueue);
  const delivery = before.startDelivery();
  const forwarders = [
    await before.startForwarder(moving.inside),
    await before.startForwarder(staying.inside),
  ];
  await podWith(moving, a, 'first', '172.16.1.70');
  await podWith(staying, b, 'other', '172.16.1.80');
  await eventually(() => [has(a.eth1, '172.16.1.70'), has(b.eth1, '172.16.1.80')]).toEqual([
    true,
    true,
  ]);
  await eventually(() => sizeOf(stageQueue.url)).toBe(0);

  // What is in the old queue while the cluster is taken out of the configuration.
  await delivery.stop();
  await podWith(moving, a, 'meanwhile', '172.16.1.71');
  await eventually(() => sizeOf(stageQueue.url)).toBeGreaterThan(0);
  await writeFile(join(service.folder, 'config/test.yml'), ONE);
  await deploy();
  const after = await functionsAt(stageQueue);
  after.startDelivery();
  await eventually(() => sizeOf(stageQueue.url)).toBe(0);
  await eventually(() => sizeOf(account.get('DeadLetterQueueUrl'))).toBeGreaterThan(0);
  expect(has(a.eth1, '172.16.1.71')).toBe(false);

  // The cluster joins, its forwarder gets the new queue, and what was set aside is sent there.
  await joinByItself();
  const own = await outputsOfCluster();
  const joined = await functionsAt(await queueAt(own.get('QueueUrl')));
  joined.startDelivery();
  await forwarders[0]?.stop();
  const replay = join(import.meta.dirname, '../../cli/replay/main.ts');
  const queues = ['--queue-url', own.get('QueueUrl') ?? ''];
  const letters = ['--dead-letter-queue-url', account.get('DeadLetterQueueUrl') ?? ''];
  await service.node([replay, 'dlq', '--cluster', 'moving', ...queues, ...letters], environment());
  await eventually(() => has(a.eth1, '172.16.1.71')).toBe(true);
  expect(await sizeOf(account.get('DeadLetterQueueUrl'))).toBe(0);
  await joined.startForwarder(moving.inside);
  await podWith(moving, a, 'last', '172.16.1.72');
  await eventually(() => has(a.eth1, '172.16.1.72')).toBe(true);

  // The other cluster noticed nothing, and no live pod's address was released.
  await podWith(staying, b, 'another', '172.16.1.81');
  await eventually(() => has(b.eth1, '172.16.1.81')).toBe(true);
  expect(['172.16.1.70', '172.16.1.71', '172.16.1.72'].map((ip) => has(a.eth1, ip))).toEqual([
    true,
    true,
    true,
  ]);
  expect(unassigns()).toEqual([]);
  await eventually(() => sizeOf(own.get('QueueUrl'))).toBe(0);
  expect(await sizeOf(own.get('DeadLetterQueueUrl'))).toBe(0);
  const { Stacks = [] } = await client.cloudFormation.send(new DescribeStacksCommand({}));
  expect(Stacks.map(({ StackName }) => StackName).toSorted()).toEqual([STACK, `${STACK}-moving`]);
});
