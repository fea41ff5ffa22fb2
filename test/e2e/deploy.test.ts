import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import {
  DescribeStacksCommand,
  GetTemplateCommand,
  ListStackResourcesCommand,
} from '@aws-sdk/client-cloudformation';
import { CreateClusterCommand } from '@aws-sdk/client-eks';
import { GetRolePolicyCommand, ListRolesCommand } from '@aws-sdk/client-iam';
import {
  GetFunctionConfigurationCommand,
  ListEventSourceMappingsCommand,
  ListFunctionsCommand,
} from '@aws-sdk/client-lambda';
import { GetQueueAttributesCommand, ListQueuesCommand } from '@aws-sdk/client-sqs';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { parse } from 'yaml';
import * as z from 'zod';
import { stackOutputs } from '../../scripts/stack-outputs.ts';
import { type Service, serviceWith } from '../unit/resources/service.ts';
import { type Moto, startMoto } from './moto.ts';
import { clientsOf, MOTO_CREDENTIALS } from './moto-clients.ts';
import { pythonTools } from './python-tools.ts';

/*
 * A deployment as an operator does it, to moto's CloudFormation. What moto does not make is tested
 * on the template, in test/unit/resources/.
 */

/** moto 5.2.5 accepts these and makes nothing of them; once it does, they are to be tested here. */
const NOT_IN_MOTO = [
  'AWS::CloudWatch::Alarm',
  'AWS::EKS::AccessEntry',
  'AWS::EKS::PodIdentityAssociation',
  'AWS::Lambda::EventInvokeConfig',
  'AWS::S3::BucketPolicy',
  'AWS::SNS::TopicPolicy',
  'AWS::SQS::QueuePolicy',
  'AWS::Scheduler::Schedule',
];

const STACK = 'multus-eni-reconciler-test';
const STAGE = 'region: us-east-1\nclusters: [{ name: demo }]\n';
const GONE = 'region: us-east-1\nclusters: [{ name: gone }]\n';

let moto: Moto;
let service: Service;
let aws: ReturnType<typeof clientsOf>;

function environment(): Record<string, string> {
  return {
    AWS_ENDPOINT_URL: moto.endpoint,
    AWS_ACCESS_KEY_ID: MOTO_CREDENTIALS.accessKeyId,
    AWS_SECRET_ACCESS_KEY: MOTO_CREDENTIALS.secretAccessKey,
  };
}

function serverless(...args: string[]) {
  return service.serverless(args, environment());
}

beforeAll(async () => {
  const pathOf = await pythonTools();
  moto = await startMoto(pathOf('moto_server'));
  aws = clientsOf(moto.endpoint);
  service = await serviceWith({ test: STAGE, gone: GONE });
  await aws.eks.send(
    new CreateClusterCommand({
      name: 'demo',
      roleArn: 'arn:aws:iam::123456789012:role/eks',
      resourcesVpcConfig: {},
    }),
  );
});

afterAll(async () => {
  await service?.remove();
  await moto?.stop();
});

describe('the first deployment', () => {
  test('completes', async () => {
    const { stderr } = await serverless('deploy', '--stage', 'test');
    expect(stderr).toContain(`Service deployed to stack ${STACK}`);
    const { Stacks } = await aws.cloudFormation.send(
      new DescribeStacksCommand({ StackName: STACK }),
    );
    expect(Stacks?.[0]?.StackStatus).toMatch(/^(CREATE|UPDATE)_COMPLETE$/);
  });

  test('makes every resource that moto knows', async () => {
    const template = await deployedTemplate();
    const { StackResourceSummaries = [] } = await aws.cloudFormation.send(
      new ListStackResourcesCommand({ StackName: STACK }),
    );
    const made = new Set(StackResourceSummaries.map(({ LogicalResourceId }) => LogicalResourceId));
    const missing = Object.entries(template.Resources).filter(([id]) => !made.has(id));
    const types = missing.map(([, { Type }]) => Type);
    expect([...new Set(types)].toSorted()).toEqual(NOT_IN_MOTO);
  });

  test('gives the queues what the template says', async () => {
    const { Resources } = await deployedTemplate();
    const outputs = await stackOutputs(aws.cloudFormation, STACK);
    const attributesOf = async (output: string) => {
      const command = new GetQueueAttributesCommand({
        QueueUrl: outputs.get(output),
        AttributeNames: ['All'],
      });
      return (await aws.sqs.send(command)).Attributes ?? {};
    };
    const deadLetters = await attributesOf('DeadLetterQueueUrl');
    const queue = await attributesOf('QueueUrl');
    for (const [id, attributes] of [
      ['Queue', queue],
      ['DeadLetterQueue', deadLetters],
    ] as const) {
      // moto keeps no RedriveAllowPolicy: test/security/queues.test.ts evaluates it.
      const { QueueName, RedrivePolicy, RedriveAllowPolicy, ...properties } =
        Resources[id]?.Properties ?? {};
      const wanted = Object.entries(properties).map(([key, value]) => [key, String(value)]);
      expect(attributes).toMatchObject(Object.fromEntries(wanted));
      expect(attributes.QueueArn?.endsWith(`:${QueueName}`)).toBe(true);
    }
    expect(JSON.parse(queue.RedrivePolicy ?? '')).toEqual({
      deadLetterTargetArn: deadLetters.QueueArn,
      maxReceiveCount: 100,
    });
  });

  test('leads the queue to reconcile', async () => {
    const { EventSourceMappings } = await aws.lambda.send(new ListEventSourceMappingsCommand({}));
    expect(EventSourceMappings).toEqual([
      expect.objectContaining({
        BatchSize: 10,
        EventSourceArn: expect.stringMatching(/:multus-eni-reconciler-test\.fifo$/),
        FunctionArn: expect.stringContaining(`:function:${STACK}-reconcile`),
        FunctionResponseTypes: ['ReportBatchItemFailures'],
        ScalingConfig: { MaximumConcurrency: 4 },
        State: 'Enabled',
      }),
    ]);
  });

  test.each([
    ['reconcile', 'ReconcileRole'],
    ['sweep', 'SweepRole'],
  ])('runs %s with the role and the policy of the template', async (name, roleId) => {
    const { Resources } = await deployedTemplate();
    const configuration = await aws.lambda.send(
      new GetFunctionConfigurationCommand({ FunctionName: `${STACK}-${name}` }),
    );
    expect(configuration).toMatchObject({
      Runtime: 'nodejs24.x',
      Handler: `.build/${name}/index.handler`,
    });
    const [, roleName = ''] = configuration.Role?.split(':role/') ?? [];
    expect(roleName).toContain(roleId);
    const { PolicyDocument = '' } = await aws.iam.send(
      new GetRolePolicyCommand({ RoleName: roleName, PolicyName: 'function' }),
    );
    // moto keeps a role's policy as Python writes a dictionary.
    const document = decodeURIComponent(PolicyDocument).replaceAll("'", '"');
    const granted = policies.parse(JSON.parse(document));
    const written = z
      .object({ Policies: z.tuple([z.object({ PolicyDocument: policies })]) })
      .parse(Resources[roleId]?.Properties).Policies[0].PolicyDocument;
    expect(granted.Statement.map(({ Sid, Action }) => [Sid, Action])).toEqual(
      written.Statement.map(({ Sid, Action }) => [Sid, Action]),
    );
    // Computed by CloudFormation: nothing of a function is left.
    expect(JSON.stringify(granted)).not.toMatch(/Fn::|\$\{/);
  });
});

test('`npm run kustomize` writes the overlay of the deployed stack', async () => {
  const { stdout } = await service.node(
    ['scripts/kustomize.ts', 'demo', '--stage', 'test', '--root', service.folder],
    environment(),
  );
  expect(stdout).toContain('kubectl apply -k');
  const file = join(service.folder, 'deploy/overlays/demo/kustomization.yaml');
  const { patches } = z
    .object({ patches: z.array(z.object({ patch: z.string() })) })
    .parse(parse(await readFile(file, 'utf8')));
  const outputs = await stackOutputs(aws.cloudFormation, STACK);
  expect(parse(patches[0]?.patch ?? '')).toMatchObject({
    data: { CLUSTER_NAME: 'demo', QUEUE_URL: outputs.get('QueueUrl'), AWS_REGION: 'us-east-1' },
  });
});

test('a second deployment changes nothing', async () => {
  const before = await aws.cloudFormation.send(new DescribeStacksCommand({ StackName: STACK }));
  const { stderr } = await serverless('deploy', '--stage', 'test');
  expect(stderr).toContain('No changes to deploy');
  const after = await aws.cloudFormation.send(new DescribeStacksCommand({ StackName: STACK }));
  expect(after.Stacks).toEqual(before.Stacks);
});

test('nothing is deployed for a cluster that does not exist', async () => {
  const failure: unknown = await serverless('deploy', '--stage', 'gone').catch((error) => error);
  expect(failure).toMatchObject({
    code: 1,
    stdout: expect.stringContaining(
      'config/gone.yml: cluster gone in us-east-1 does not exist: check its name',
    ),
  });
  const { Stacks = [] } = await aws.cloudFormation.send(new DescribeStacksCommand({}));
  expect(Stacks.map(({ StackName }) => StackName)).toEqual([STACK]);
});

test('`serverless remove` leaves nothing', async () => {
  await serverless('remove', '--stage', 'test');
  const { Stacks } = await aws.cloudFormation.send(new DescribeStacksCommand({}));
  const { QueueUrls = [] } = await aws.sqs.send(new ListQueuesCommand({}));
  const { Functions } = await aws.lambda.send(new ListFunctionsCommand({}));
  const { EventSourceMappings } = await aws.lambda.send(new ListEventSourceMappingsCommand({}));
  const { Roles } = await aws.iam.send(new ListRolesCommand({}));
  expect({ Stacks, QueueUrls, Functions, EventSourceMappings, Roles }).toEqual({
    Stacks: [],
    QueueUrls: [],
    Functions: [],
    EventSourceMappings: [],
    Roles: [],
  });
});

const policies = z.object({
  Statement: z.array(z.object({ Sid: z.string(), Action: z.unknown(), Resource: z.unknown() })),
});

const templates = z.object({
  Resources: z.record(
    z.string(),
    z.object({ Type: z.string(), Properties: z.record(z.string(), z.unknown()).default({}) }),
  ),
});

async function deployedTemplate(): Promise<z.infer<typeof templates>> {
  const { TemplateBody = '' } = await aws.cloudFormation.send(
    new GetTemplateCommand({ StackName: STACK }),
  );
  return templates.parse(JSON.parse(TemplateBody));
}
