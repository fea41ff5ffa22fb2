import { CloudWatchClient, PutMetricDataCommand } from '@aws-sdk/client-cloudwatch';
import { CreateRoleCommand, IAMClient, type IAMClientConfig } from '@aws-sdk/client-iam';
import { CreateFunctionCommand, LambdaClient } from '@aws-sdk/client-lambda';
import { CreateScheduleCommand, SchedulerClient } from '@aws-sdk/client-scheduler';
import { PutParameterCommand, SSMClient } from '@aws-sdk/client-ssm';
import * as z from 'zod';
import { STAGE } from '../../../sandbox/aws.ts';
import { zip } from '../../../scripts/zip.ts';
import { METRIC_NAMESPACE } from '../../../shared/telemetry.ts';

const created = z.object({ Role: z.object({ Arn: z.string() }) });
const made = z.object({ FunctionArn: z.string() });

/**
 * The functions of the stage as moto's Lambda and SSM know them, their schedule, and what they measured. The
 * messages are read by the scenarios' own poller, and so there is no event source mapping.
 *
 * @returns the ARN of their role.
 */
export async function installOnMoto(
  config: IAMClientConfig,
  variables: Readonly<Record<string, string>>,
): Promise<string> {
  const role = await new IAMClient(config).send(
    new CreateRoleCommand({ RoleName: 'functions', AssumeRolePolicyDocument: '{}' }),
  );
  const Role = created.parse(role).Role.Arn;
  const lambda = new LambdaClient(config);
  let sweepArn = '';
  for (const each of ['reconcile', 'sweep'] as const) {
    const answer = await lambda.send(
      new CreateFunctionCommand({
        FunctionName: `multus-eni-reconciler-${STAGE}-${each}`,
        Role,
        Runtime: 'nodejs24.x',
        Handler: 'index.handler',
        Code: { ZipFile: zip({ 'index.js': Buffer.from('') }) },
        Environment: { Variables: variables },
      }),
    );
    sweepArn = made.parse(answer).FunctionArn;
  }
  await new SSMClient(config).send(
    new PutParameterCommand({
      Name: `/multus-eni-reconciler/${STAGE}/settings`,
      Value: JSON.stringify(variables),
      Type: 'String',
    }),
  );
  await new SchedulerClient(config).send(
    new CreateScheduleCommand({
      Name: `multus-eni-reconciler-${STAGE}-SweepSchedule`,
      ScheduleExpression: 'rate(5 minutes)',
      FlexibleTimeWindow: { Mode: 'OFF' },
      Target: { Arn: sweepArn, RoleArn: Role, Input: JSON.stringify({ cluster: 'demo' }) },
    }),
  );
  const Dimensions = (service: string) => [
    { Name: 'service', Value: service },
    { Name: 'cluster', Value: 'demo' },
  ];
  await new CloudWatchClient(config).send(
    new PutMetricDataCommand({
      Namespace: METRIC_NAMESPACE,
      MetricData: [
        { MetricName: 'SweepCompleted', Value: 1, Dimensions: Dimensions('sweep') },
        { MetricName: 'ForwarderHeartbeat', Value: 1, Dimensions: Dimensions('reconcile') },
      ],
    }),
  );
  return Role;
}
