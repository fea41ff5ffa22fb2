import type { StageSettings } from '../config/schema.ts';
import { arn, getAtt, policy, type Resource, type Resources, ref } from './cloudformation.ts';
import { FUNCTION_IDS, functionName, idOf } from './names.ts';

/** Runs a sweep for each cluster, with a role that may do just that. */
export function schedule(stage: string, { clusters, sweepMinutes }: StageSettings): Resources {
  const trust = {
    Effect: 'Allow',
    Principal: { Service: 'scheduler.amazonaws.com' },
    Action: 'sts:AssumeRole',
    Condition: { StringEquals: { 'aws:SourceAccount': ref('AWS::AccountId') } },
  };
  const invoke = {
    Sid: 'RunSweep',
    Effect: 'Allow',
    Action: 'lambda:InvokeFunction',
    Resource: arn('lambda', `function:${functionName(stage, 'sweep')}`),
  };
  return {
    ScheduleRole: {
      Type: 'AWS::IAM::Role',
      Properties: {
        AssumeRolePolicyDocument: policy([trust]),
        Policies: [{ PolicyName: 'schedule', PolicyDocument: policy([invoke]) }],
      },
    },
    ...Object.fromEntries(
      clusters.map(({ name }) => [
        `SweepSchedule${idOf(name)}`,
        sweepSchedule(name, rateOf(sweepMinutes), {
          functionArn: getAtt(FUNCTION_IDS.sweep, 'Arn'),
          roleArn: getAtt('ScheduleRole', 'Arn'),
        }),
      ]),
    ),
  };
}

/** As EventBridge Scheduler writes it. */
export function rateOf(minutes: number): string {
  return `rate(${minutes} ${minutes === 1 ? 'minute' : 'minutes'})`;
}

/** Has one cluster swept: what takes long or fails for it costs no other. */
export function sweepSchedule(
  cluster: string,
  rate: unknown,
  { functionArn, roleArn }: { readonly functionArn: unknown; readonly roleArn: unknown },
): Resource {
  return {
    Type: 'AWS::Scheduler::Schedule',
    Properties: {
      Description: `Compares cluster ${cluster} with EC2`,
      ScheduleExpression: rate,
      FlexibleTimeWindow: { Mode: 'OFF' },
      Target: {
        Arn: functionArn,
        RoleArn: roleArn,
        Input: JSON.stringify({ cluster }),
        // The next run is the retry.
        RetryPolicy: { MaximumRetryAttempts: 0 },
      },
    },
  };
}
