import { beforeAll, describe, expect, test } from 'vitest';
import * as z from 'zod';
import { FUNCTIONS } from '../../../scripts/bundle.ts';
import { evaluator } from './intrinsics.ts';
import { type Packaged, packaged, templateOf } from './service.ts';

const STAGE = `
region: us-east-1
clusters:
  - name: new
  - name: old_one
    access: aws-auth
    privateEndpoint: true
    forwarder:
      identity: irsa
      oidcProvider: oidc.eks.us-east-1.amazonaws.com/id/ABC
vpc: { subnetIds: [subnet-1], securityGroupIds: [sg-1] }
`;

let stack: Packaged;

beforeAll(async () => {
  stack = await packaged(STAGE);
});

function propertiesOf(id: string): Readonly<Record<string, unknown>> | undefined {
  return stack.template.Resources[id]?.Properties;
}

describe('what serverless packages', () => {
  test('has the resources and outputs of the configuration, word for word', () => {
    const { Resources, Outputs } = templateOf(STAGE);
    expect(stack.template.Resources).toMatchObject(Resources);
    expect(stack.template.Outputs).toMatchObject(Outputs);
  });

  test.each(FUNCTIONS)('zips %s to less than a megabyte', (name) => {
    expect(stack.zipBytes[name]).toBeGreaterThan(10_000);
    expect(stack.zipBytes[name]).toBeLessThan(1_000_000);
  });

  test.each([
    ['reconcile', 'Reconcile', 60],
    ['sweep', 'Sweep', 120],
  ])('runs %s with a role of its own, in the VPC', (name, id, timeout) => {
    expect(propertiesOf(`${id}LambdaFunction`)).toMatchObject({
      FunctionName: `multus-eni-reconciler-test-${name}`,
      Runtime: 'nodejs24.x',
      Architectures: ['arm64'],
      Handler: `.build/${name}/index.handler`,
      Timeout: timeout,
      Role: { 'Fn::Sub': `\${${id}Role.Arn}` },
      TracingConfig: { Mode: 'PassThrough' },
      LoggingConfig: { LogFormat: 'JSON' },
      VpcConfig: { SubnetIds: ['subnet-1'], SecurityGroupIds: ['sg-1'] },
      Environment: {
        Variables: {
          QUEUE_URL: { Ref: 'Queue' },
          DEAD_LETTER_QUEUE_URL: { Ref: 'DeadLetterQueue' },
        },
      },
    });
    expect(propertiesOf(`${id}LogGroup`)).toEqual({
      LogGroupName: `/aws/lambda/multus-eni-reconciler-test-${name}`,
      RetentionInDays: 30,
    });
  });

  test.each(['Reconcile', 'Sweep'])('tells the command line in SSM what %s reads', (id) => {
    const { compute } = evaluator({ resources: stack.template.Resources });
    expect(propertiesOf('StageSettings')?.Name).toBe('/multus-eni-reconciler/test/settings');
    const told = z.string().parse(compute(propertiesOf('StageSettings')?.Value));
    const { Environment } = z
      .object({ Environment: z.object({ Variables: z.record(z.string(), z.unknown()) }) })
      .parse(propertiesOf(`${id}LambdaFunction`));
    expect(JSON.parse(told)).toEqual(compute(Environment.Variables));
  });

  test('leads the queue to reconcile, batch by batch', () => {
    expect(propertiesOf('ReconcileEventSourceMappingSQSQueue')).toEqual({
      EventSourceArn: { 'Fn::GetAtt': ['Queue', 'Arn'] },
      FunctionName: { 'Fn::GetAtt': ['ReconcileLambdaFunction', 'Arn'] },
      BatchSize: 10,
      Enabled: true,
      FunctionResponseTypes: ['ReportBatchItemFailures'],
      ScalingConfig: { MaximumConcurrency: 4 },
    });
  });

  test('has no role but ours, and no policy that somebody else writes', () => {
    const roles = Object.entries(stack.template.Resources).filter(
      ([, { Type }]) => Type === 'AWS::IAM::Role',
    );
    expect(roles.map(([id]) => id).toSorted()).toEqual([
      'ForwarderRoleNew',
      expect.stringMatching(/^ForwarderRoleOldOne[0-9a-f]{6}$/),
      'ReconcileRole',
      'ScheduleRole',
      'SweepRole',
    ]);
    expect(JSON.stringify(roles)).not.toContain('ManagedPolicyArns');
  });

  test('is deployed to China and GovCloud too: no ARN names a partition, no endpoint a suffix', () => {
    const text = JSON.stringify(stack.template);
    expect(text.match(/arn:aws[^"]*/g)).toBeNull();
    // Names of services, tags and audiences are the same everywhere; the issuer is configured.
    const hosts = new Set(text.match(/[a-z0-9.-]*amazonaws\.com[a-z.]*/g));
    expect([...hosts].toSorted()).toEqual([
      'cloudwatch.amazonaws.com',
      'ec2.amazonaws.com',
      'events.amazonaws.com',
      'lambda.amazonaws.com',
      'node.k8s.amazonaws.com',
      'oidc.eks.us-east-1.amazonaws.com',
      'pods.eks.amazonaws.com',
      'scheduler.amazonaws.com',
      'sts.amazonaws.com',
    ]);
  });
});
