import { execFile } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { promisify } from 'node:util';
import {
  CreateStackCommand,
  DeleteStackCommand,
  DescribeStacksCommand,
  ListStackResourcesCommand,
  UpdateStackCommand,
} from '@aws-sdk/client-cloudformation';
import { CreateClusterCommand } from '@aws-sdk/client-eks';
import { DeleteRolePolicyCommand, GetRolePolicyCommand } from '@aws-sdk/client-iam';
import { paginateListEventSourceMappings } from '@aws-sdk/client-lambda';
import { paginateListQueues } from '@aws-sdk/client-sqs';
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import { aws } from '../../functions/context.ts';
import { clusterQueueNames } from '../../resources/names.ts';
import { joinedClusterFrom } from '../../shared/config.ts';
import { systemClock } from '../../shared/time/clock.ts';
import { parametersOfModule } from '../unit/deploy/terraform.ts';
import { type Service, serviceWith } from '../unit/resources/service.ts';
import { type Moto, startMoto } from './moto.ts';
import { clientsOf, MOTO_CREDENTIALS } from './moto-clients.ts';
import { pythonTools } from './python-tools.ts';
import { startWithExports, type WithExports } from './support/moto-exports.ts';

/*
 * Clusters that join an account's stack and leave it, on moto's CloudFormation. moto 5.2.5 knows no
 * exports in a change set, which support/moto-exports.ts makes up for, and changes no parameter of SSM
 * if a stack is updated.
 */

const STACK = 'multus-eni-reconciler-test';
const TEMPLATE_FILE = new URL('../../deploy/cluster/template.yml', import.meta.url).pathname;
const TEMPLATE = readFileSync(TEMPLATE_FILE, 'utf8');
const MANY = 60;
/** With a bucket of its own osls would update the stack, and moto 5.2.5 knows exports of a first template only. */
const STAGE =
  'region: us-east-1\nclusters: [{ name: listed }]\ndeployment: { bucket: deployments }\n';

let moto: Moto;
let withExports: WithExports;
let awsCli: string;
let service: Service;
let client: ReturnType<typeof clientsOf>;

beforeAll(async () => {
  const pathOf = await pythonTools();
  moto = await startMoto(pathOf('moto_server'));
  client = clientsOf(moto.endpoint);
  withExports = await startWithExports(moto.endpoint, client.cloudFormation);
  awsCli = pathOf('aws');
  service = await serviceWith({ test: STAGE });
  await fetch(`${moto.endpoint}/deployments`, { method: 'PUT' });
  await client.eks.send(
    new CreateClusterCommand({
      name: 'listed',
      roleArn: 'arn:aws:iam::123456789012:role/eks',
      resourcesVpcConfig: {},
    }),
  );
  await service.serverless(['deploy', '--stage', 'test'], {
    AWS_ENDPOINT_URL: moto.endpoint,
    AWS_ACCESS_KEY_ID: MOTO_CREDENTIALS.accessKeyId,
    AWS_SECRET_ACCESS_KEY: MOTO_CREDENTIALS.secretAccessKey,
  });
});

afterAll(async () => {
  await service?.remove();
  await withExports?.stop();
  await moto?.stop();
});

/** A cluster's stack, made by CreateStack. */
function stackOf(cluster: string, more: Readonly<Record<string, string>> = {}) {
  const parameters = { ClusterName: cluster, QueueName: cluster, Stage: 'test', ...more };
  return {
    StackName: `${STACK}-${cluster}`,
    TemplateBody: TEMPLATE,
    Capabilities: ['CAPABILITY_IAM' as const],
    Parameters: Object.entries(parameters).map(([ParameterKey, ParameterValue]) => ({
      ParameterKey,
      ParameterValue,
    })),
  };
}

async function outputsOf(cluster: string): Promise<Record<string, string>> {
  const { Stacks } = await client.cloudFormation.send(
    new DescribeStacksCommand({ StackName: `${STACK}-${cluster}` }),
  );
  const outputs = Stacks?.[0]?.Outputs ?? [];
  return Object.fromEntries(outputs.map(({ OutputKey, OutputValue }) => [OutputKey, OutputValue]));
}

async function queueNames(): Promise<string[]> {
  const names: string[] = [];
  for await (const { QueueUrls = [] } of paginateListQueues({ client: client.sqs }, {})) {
    names.push(...QueueUrls.map((url) => url.slice(url.lastIndexOf('/') + 1)));
  }
  return names.toSorted();
}

/** The queues that lead to a function. */
async function delivered(): Promise<string[]> {
  const names: string[] = [];
  for await (const page of paginateListEventSourceMappings({ client: client.lambda }, {})) {
    for (const { EventSourceArn = '' } of page.EventSourceMappings ?? []) {
      names.push(EventSourceArn.split(':').at(-1) ?? '');
    }
  }
  return names.toSorted();
}

const resourcesOf = (cluster: string) => resourcesIn(`${STACK}-${cluster}`);
/** Of the account's stack, in which the listed cluster is. */
const listedResources = () => resourcesIn(STACK);

async function resourcesIn(StackName: string): Promise<unknown> {
  const { StackResourceSummaries } = await client.cloudFormation.send(
    new ListStackResourcesCommand({ StackName }),
  );
  return StackResourceSummaries?.map(({ LogicalResourceId, PhysicalResourceId }) => [
    LogicalResourceId,
    PhysicalResourceId,
  ]);
}

/** What the functions read of a cluster, from moto's Parameter Store. */
async function settingsOf(cluster: string) {
  vi.stubEnv('AWS_ENDPOINT_URL', moto.endpoint);
  vi.stubEnv('AWS_ACCESS_KEY_ID', MOTO_CREDENTIALS.accessKeyId);
  vi.stubEnv('AWS_SECRET_ACCESS_KEY', MOTO_CREDENTIALS.secretAccessKey);
  const { readSettings } = aws('us-east-1', systemClock);
  const text = await readSettings?.(`/multus-eni-reconciler/test/clusters/${cluster}`);
  return text === undefined ? undefined : joinedClusterFrom(cluster, text);
}

describe('a cluster joins', () => {
  test('by a stack of its own', async () => {
    await client.cloudFormation.send(new CreateStackCommand(stackOf('first')));
    const { queue, deadLetterQueue } = clusterQueueNames('test', 'first');
    expect(await queueNames()).toEqual(expect.arrayContaining([queue, deadLetterQueue]));
    expect(await delivered()).toContain(queue);
    const outputs = await outputsOf('first');
    expect(await settingsOf('first')).toMatchObject({
      policy: { name: 'sync' },
      queueUrl: outputs.QueueUrl,
    });
    expect(JSON.parse(outputs.Cluster ?? '')).toMatchObject({
      cluster: 'first',
      identity: 'pod-identity',
      queueUrl: outputs.QueueUrl,
      roleArn: outputs.ForwarderRoleArn,
    });
  });

  test('with IRSA and settings of its own', async () => {
    const more = { OidcProvider: 'oidc.eks.us-east-1.amazonaws.com/id/A', Policy: 'dry-run' };
    const ranges = { Ranges: '172.16.1.0/24,172.16.3.0/24' };
    await client.cloudFormation.send(
      new CreateStackCommand(stackOf('second', { ...more, ...ranges })),
    );
    expect(await settingsOf('second')).toMatchObject({
      policy: { name: 'dry-run' },
      ranges: [{}, {}],
    });
    const { ForwarderRoleArn = '', Cluster = '' } = await outputsOf('second');
    expect(JSON.parse(Cluster)).toMatchObject({ identity: 'irsa', roleArn: ForwarderRoleArn });
    const { PolicyDocument = '' } = await client.iam.send(
      new GetRolePolicyCommand({
        RoleName: ForwarderRoleArn.split('/').at(-1),
        PolicyName: 'forwarder',
      }),
    );
    expect(decodeURIComponent(PolicyDocument)).toContain(clusterQueueNames('test', 'second').queue);
  });
});

/** `aws cloudformation deploy`, as docs/clusters.md has it. */
async function deployByCli(cluster: string, ...more: readonly string[]): Promise<string> {
  const parameters = ['Stage=test', `ClusterName=${cluster}`, `QueueName=${cluster}`, ...more];
  const stack = ['--stack-name', `${STACK}-${cluster}`, '--template-file', TEMPLATE_FILE];
  const { stdout } = await promisify(execFile)(
    awsCli,
    ['cloudformation', 'deploy', ...stack]
      .concat('--capabilities', 'CAPABILITY_IAM')
      .concat('--parameter-overrides', ...parameters),
    {
      env: {
        PATH: process.env.PATH,
        // No file of whoever runs this.
        AWS_CONFIG_FILE: '/nonexistent',
        AWS_SHARED_CREDENTIALS_FILE: '/nonexistent',
        AWS_ENDPOINT_URL: withExports.endpoint,
        AWS_DEFAULT_REGION: 'us-east-1',
        AWS_ACCESS_KEY_ID: MOTO_CREDENTIALS.accessKeyId,
        AWS_SECRET_ACCESS_KEY: MOTO_CREDENTIALS.secretAccessKey,
      },
    },
  );
  return stdout;
}

/** As `aws_cloudformation_stack` of the Terraform module makes it: by CreateStack. */
async function createAsTerraform(cluster: string): Promise<void> {
  const variables = { cluster_name: cluster, stage: 'test', policy: 'upsert-only' };
  const given = await parametersOfModule({ ...variables, ranges: ['172.16.1.0/24', '::/0'] });
  expect(given).toMatchObject({ QueueName: cluster, Access: 'access-entry', SweepMinutes: '5' });
  await client.cloudFormation.send(new CreateStackCommand(stackOf(cluster, given)));
}

test('three clusters join by three ways; one leaves, and the others stay as they are', async () => {
  const listed = await listedResources();
  expect(listed).not.toHaveLength(0);
  expect(await deployByCli('by-cli', 'Policy=dry-run', 'Concurrency=7')).toContain(
    `Successfully created/updated stack - ${STACK}-by-cli`,
  );
  expect(await settingsOf('by-cli')).toMatchObject({ policy: { name: 'dry-run' } });
  await createAsTerraform('by-terraform');
  expect(await settingsOf('by-terraform')).toMatchObject({
    policy: { name: 'upsert-only' },
    ranges: [{}, {}],
  });
  const queues = ['by-cli', 'by-terraform'].map((name) => clusterQueueNames('test', name).queue);
  expect(await delivered()).toEqual(expect.arrayContaining([`${STACK}.fifo`, ...queues]));

  const [byCli, settings] = [await resourcesOf('by-cli'), await settingsOf('by-cli')];
  await client.cloudFormation.send(new DeleteStackCommand({ StackName: `${STACK}-by-terraform` }));
  expect(await delivered()).not.toContain(queues[1]);
  expect(await settingsOf('by-terraform')).toBeUndefined();
  expect(await resourcesOf('by-cli')).toEqual(byCli);
  expect(await settingsOf('by-cli')).toEqual(settings);
  expect(await listedResources()).toEqual(listed);
  expect(await delivered()).toEqual(expect.arrayContaining([`${STACK}.fifo`, queues[0]]));
  await client.cloudFormation.send(new DeleteStackCommand({ StackName: `${STACK}-by-cli` }));
});

test('`npm run kustomize` writes the overlay of a cluster that joined', async () => {
  const args = ['scripts/kustomize.ts', 'second', '--stage', 'test', '--root', service.folder];
  await service.node(args, {
    AWS_ENDPOINT_URL: moto.endpoint,
    AWS_ACCESS_KEY_ID: MOTO_CREDENTIALS.accessKeyId,
    AWS_SECRET_ACCESS_KEY: MOTO_CREDENTIALS.secretAccessKey,
  });
  const folder = `${service.folder}/deploy/overlays/second`;
  const text = readFileSync(`${folder}/kustomization.yaml`, 'utf8');
  expect(text).toContain((await outputsOf('second')).QueueUrl);
});

test('a role whose policy was deleted is mended by making the cluster’s stack anew', async () => {
  const policyOf = async () => {
    const { ForwarderRoleArn = '' } = await outputsOf('first');
    return { RoleName: ForwarderRoleArn.split('/').at(-1), PolicyName: 'forwarder' };
  };
  const second = await resourcesOf('second');
  await client.iam.send(new DeleteRolePolicyCommand(await policyOf()));
  const again = client.cloudFormation.send(new UpdateStackCommand(stackOf('first')));
  await again.catch((error: unknown) => expect(String(error)).toContain('No updates'));
  await expect(client.iam.send(new GetRolePolicyCommand(await policyOf()))).rejects.toThrow();

  await client.cloudFormation.send(new DeleteStackCommand({ StackName: `${STACK}-first` }));
  await client.cloudFormation.send(new CreateStackCommand(stackOf('first')));
  const { PolicyDocument = '' } = await client.iam.send(new GetRolePolicyCommand(await policyOf()));
  expect(decodeURIComponent(PolicyDocument)).toContain(clusterQueueNames('test', 'first').queue);
  expect(await resourcesOf('second')).toEqual(second);
});

test('a cluster leaves, and the others stay as they are', async () => {
  const [queues, second] = [await queueNames(), await resourcesOf('second')];
  await client.cloudFormation.send(new DeleteStackCommand({ StackName: `${STACK}-first` }));
  const gone = Object.values(clusterQueueNames('test', 'first'));
  expect(await queueNames()).toEqual(queues.filter((name) => !gone.includes(name)));
  expect(await delivered()).not.toContain(gone[0]);
  expect(await settingsOf('first')).toBeUndefined();
  expect(await resourcesOf('second')).toEqual(second);
  expect(await delivered()).toEqual(
    expect.arrayContaining([`${STACK}.fifo`, clusterQueueNames('test', 'second').queue]),
  );
});

test(`${MANY} clusters join one account`, async () => {
  const names = Array.from({ length: MANY }, (_, index) => `edge-${index}`);
  for (const name of names) await client.cloudFormation.send(new CreateStackCommand(stackOf(name)));
  const queues = names.map((name) => clusterQueueNames('test', name).queue);
  expect(await delivered()).toEqual(expect.arrayContaining(queues));
  expect(new Set(await queueNames()).size).toBe(2 + 2 + 2 * MANY);
  for (const name of [names[0] ?? '', names.at(-1) ?? '']) {
    expect(await settingsOf(name)).toMatchObject({ name });
  }
});
