import { readFileSync } from 'node:fs';
import { GetParameterCommand, SSMClient } from '@aws-sdk/client-ssm';
import { expect, onTestFinished, test } from 'vitest';
import * as z from 'zod';
import { ACCOUNT, type Aws, CREDENTIALS, ROLE_ARN, startAws } from '../../../sandbox/aws.ts';
import { createStack, type StackOptions } from '../../../sandbox/cloudformation/stack.ts';
import { systemClock } from '../../../shared/time/clock.ts';

const TEMPLATE = readFileSync(
  new URL('../../../deploy/cluster/template.yml', import.meta.url),
  'utf8',
);
const NAMES = [
  'ReconcileFunctionArn',
  'SweepFunctionArn',
  'ReconcileRoleArn',
  'SweepRoleArn',
  'ScheduleRoleArn',
  'AlarmTopicArn',
];

async function account(): Promise<Aws> {
  const aws = await startAws({ clock: systemClock });
  onTestFinished(() => aws.stop());
  return aws;
}

/** The stack of a cluster that joins the stage `test`. */
function joining(
  parameters: Readonly<Record<string, string>>,
  exported: readonly string[] = NAMES,
): StackOptions {
  const exports = exported.map((name) => {
    const arn = name.endsWith('RoleArn') ? ROLE_ARN : `arn:aws:x:us-east-1:${ACCOUNT}:${name}`;
    return [`multus-eni-reconciler-test-${name}`, arn] as const;
  });
  return {
    name: 'multus-eni-reconciler-test-edge',
    template: TEMPLATE,
    parameters: { Stage: 'test', ClusterName: 'edge', QueueName: 'edge', ...parameters },
    exports: new Map(exports),
  };
}

test('a stack makes in the sandbox what its template says', async () => {
  const aws = await account();
  const stack = createStack(aws, joining({ Concurrency: '7', Policy: 'dry-run' }));
  const queueUrl = z.string().parse(stack.output('QueueUrl'));
  expect(queueUrl).toMatch(/multus-eni-reconciler-test_edge\.fifo$/);
  expect(aws.sqs.messages('multus-eni-reconciler-test-dead-letter_edge.fifo')).toEqual([]);
  const client = new SSMClient({
    endpoint: aws.ssm.endpoint,
    region: 'us-east-1',
    credentials: CREDENTIALS,
  });
  const { Parameter } = await client.send(
    new GetParameterCommand({ Name: '/multus-eni-reconciler/test/clusters/edge' }),
  );
  expect(JSON.parse(Parameter?.Value ?? '')).toMatchObject({ policy: 'dry-run', queueUrl });
  expect(stack.resource('Delivery').Properties).toMatchObject({
    EventSourceArn: `arn:aws:sqs:us-east-1:${ACCOUNT}:multus-eni-reconciler-test_edge.fifo`,
    ScalingConfig: { MaximumConcurrency: '7' },
  });
  expect(stack.output('ForwarderRoleArn')).toContain('multus-eni-reconciler-test-edge');
});

test('a stack is refused what its template refuses, and makes nothing then', async () => {
  const aws = await account();
  for (const [parameters, says] of [
    [{ Policy: 'never' }, 'Parameter Policy is out of range'],
    [{ Concurrency: '1' }, 'Parameter Concurrency is out of range'],
    [{ QueueName: 'edge.fifo' }, 'Parameter QueueName is out of range'],
    [{ Polcy: 'sync' }, 'Parameters: [Polcy] do not exist in the template'],
  ] as const) {
    expect(() => createStack(aws, joining(parameters))).toThrow(says);
  }
  const { QueueName: _, ...named } = joining({}).parameters;
  expect(() => createStack(aws, { ...joining({}), parameters: named })).toThrow(
    'Parameters: [QueueName] must have values',
  );
  createStack(aws, joining({}));
});

test('a stack imports only what another exports', async () => {
  const aws = await account();
  const without = NAMES.filter((name) => name !== 'SweepFunctionArn');
  expect(() => createStack(aws, joining({}, without))).toThrow(
    'No export named multus-eni-reconciler-test-SweepFunctionArn found.',
  );
});
