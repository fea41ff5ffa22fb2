import { readFileSync } from 'node:fs';
import { CloudFormationClient, DescribeStacksCommand } from '@aws-sdk/client-cloudformation';
import { CloudWatchClient, DescribeAlarmsCommand } from '@aws-sdk/client-cloudwatch';
import { CloudWatchLogsClient, GetQueryResultsCommand } from '@aws-sdk/client-cloudwatch-logs';
import { DescribeNetworkInterfacesCommand, EC2Client } from '@aws-sdk/client-ec2';
import { EKSClient, ListClustersCommand } from '@aws-sdk/client-eks';
import { IAMClient, SimulatePrincipalPolicyCommand } from '@aws-sdk/client-iam';
import { GetFunctionConfigurationCommand, LambdaClient } from '@aws-sdk/client-lambda';
import { ListSchedulesCommand, SchedulerClient } from '@aws-sdk/client-scheduler';
import { GetQueueAttributesCommand, SQSClient } from '@aws-sdk/client-sqs';
import { GetParametersByPathCommand, SSMClient } from '@aws-sdk/client-ssm';
import { expect, onTestFinished, test } from 'vitest';
import * as z from 'zod';
import { type Aws, CREDENTIALS, ROLE_ARN, startAws } from '../../../sandbox/aws.ts';
import { virtualClock } from '../../../sandbox/clock.ts';

const packages = z.object({ dependencies: z.record(z.string(), z.string()) });

interface Key {
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
}

interface Common {
  readonly region: string;
  readonly credentials: Key;
  readonly maxAttempts: 1;
}

/** How AWS JSON and REST services refuse a signature. */
const JSON_WORDS = ['UnrecognizedClientException', 'InvalidSignatureException'] as const;
/** How services do that which speak, or once spoke, the query protocol. */
const QUERY_WORDS = ['InvalidClientTokenId', 'SignatureDoesNotMatch'] as const;

interface Service {
  readonly name: string;
  /** What it answers to an unknown key, and to a wrong secret. */
  readonly words: readonly [string, string];
  readonly ask: (aws: Aws, common: Common) => Promise<unknown>;
}

const SERVICES: readonly Service[] = [
  {
    name: 'EC2',
    words: ['AuthFailure', 'AuthFailure'],
    ask: ({ ec2: { endpoint } }, common) =>
      new EC2Client({ ...common, endpoint }).send(new DescribeNetworkInterfacesCommand({})),
  },
  {
    name: 'EKS',
    words: JSON_WORDS,
    ask: ({ eks: { endpoint } }, common) =>
      new EKSClient({ ...common, endpoint }).send(new ListClustersCommand({})),
  },
  {
    name: 'SQS',
    words: QUERY_WORDS,
    ask: ({ queue: { url: QueueUrl }, sqs: { endpoint } }, common) =>
      new SQSClient({ ...common, endpoint }).send(new GetQueueAttributesCommand({ QueueUrl })),
  },
  {
    name: 'SSM',
    words: JSON_WORDS,
    ask: ({ ssm: { endpoint } }, common) =>
      new SSMClient({ ...common, endpoint }).send(
        new GetParametersByPathCommand({ Path: '/none' }),
      ),
  },
  {
    name: 'CloudFormation',
    words: QUERY_WORDS,
    ask: ({ cloudFormation: { endpoint } }, common) =>
      new CloudFormationClient({ ...common, endpoint }).send(new DescribeStacksCommand({})),
  },
  {
    name: 'CloudWatch',
    words: JSON_WORDS,
    ask: ({ cloudWatch: { endpoint } }, common) =>
      new CloudWatchClient({ ...common, endpoint }).send(new DescribeAlarmsCommand({})),
  },
  {
    name: 'CloudWatch Logs',
    words: JSON_WORDS,
    ask: ({ cloudWatch: { endpoint } }, common) =>
      new CloudWatchLogsClient({ ...common, endpoint }).send(
        new GetQueryResultsCommand({ queryId: 'query-0' }),
      ),
  },
  {
    name: 'IAM',
    words: QUERY_WORDS,
    ask: ({ iam: { endpoint } }, common) =>
      new IAMClient({ ...common, endpoint }).send(
        new SimulatePrincipalPolicyCommand({
          PolicySourceArn: ROLE_ARN,
          ActionNames: ['ec2:RunInstances'],
        }),
      ),
  },
  {
    name: 'Lambda',
    words: JSON_WORDS,
    ask: ({ lambda: { endpoint } }, common) =>
      new LambdaClient({ ...common, endpoint }).send(
        new GetFunctionConfigurationCommand({ FunctionName: 'arn:aws:lambda:a:b' }),
      ),
  },
  {
    name: 'EventBridge Scheduler',
    words: JSON_WORDS,
    ask: ({ scheduler: { endpoint } }, common) =>
      new SchedulerClient({ ...common, endpoint }).send(
        new ListSchedulesCommand({ NamePrefix: 'a b/ü' }),
      ),
  },
];

test.each(SERVICES)(
  '$name refuses a request that another secret or an unknown key signed',
  async ({ ask, words: [unknownKey, wrongSecret] }) => {
    const aws = await startAws({ clock: virtualClock() });
    onTestFinished(() => aws.stop());
    const answerTo = (credentials: Key): Promise<string> =>
      ask(aws, { region: 'us-east-1', credentials, maxAttempts: 1 }).then(
        () => 'answered',
        (error: unknown) => (error instanceof Error ? error.name : String(error)),
      );
    expect(['answered', 'ResourceNotFoundException']).toContain(await answerTo(CREDENTIALS));
    expect(await answerTo({ ...CREDENTIALS, secretAccessKey: 'guessed' })).toBe(wrongSecret);
    expect(await answerTo({ ...CREDENTIALS, accessKeyId: 'AKIAOTHER' })).toBe(unknownKey);
  },
);

test('an account’s environment has an endpoint for each service whose client the product has', async () => {
  const aws = await startAws({ clock: virtualClock() });
  onTestFinished(() => aws.stop());
  const { dependencies } = packages.parse(JSON.parse(readFileSync('package.json', 'utf8')));
  const clients = Object.keys(dependencies).flatMap((name) => {
    return /^@aws-sdk\/client-(.+)$/.exec(name)?.[1]?.replaceAll('-', '_').toUpperCase() ?? [];
  });
  expect(clients).toContain('EC2');
  const missing = clients.filter((name) => !(`AWS_ENDPOINT_URL_${name}` in aws.environment));
  expect(missing).toEqual([]);
});

test('alarms are described without a prefix, and by name', async () => {
  const aws = await startAws({ clock: virtualClock() });
  onTestFinished(() => aws.stop());
  const { endpoint } = aws.cloudWatch;
  const client = new CloudWatchClient({ endpoint, region: 'us-east-1', credentials: CREDENTIALS });
  for (const name of ['one', 'two']) aws.cloudWatch.setAlarm({ name, state: 'OK', reason: '' });
  const namesOf = async (input: { AlarmNames?: string[]; AlarmNamePrefix?: string }) => {
    const { MetricAlarms = [] } = await client.send(new DescribeAlarmsCommand(input));
    return MetricAlarms.map(({ AlarmName }) => AlarmName);
  };
  expect(await namesOf({})).toEqual(['one', 'two']);
  expect(await namesOf({ AlarmNames: ['two'] })).toEqual(['two']);
  await expect(namesOf({ AlarmNames: ['two'], AlarmNamePrefix: 't' })).rejects.toThrow('exclude');
});
