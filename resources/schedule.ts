import type { StageSettings } from '../config/schema.ts';
import { arn, getAtt, policy, type Resources, ref } from './cloudformation.ts';
import { FUNCTION_IDS, functionName, stackName } from './names.ts';

/** Runs the sweep, with a role that may do just that. */
export function schedule(stage: string, { sweepMinutes }: StageSettings): Resources {
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
    SweepSchedule: {
      Type: 'AWS::Scheduler::Schedule',
      Properties: {
        Name: `${stackName(stage)}-sweep`,
        Description: 'Compares every cluster with EC2',
        ScheduleExpression: `rate(${sweepMinutes} ${sweepMinutes === 1 ? 'minute' : 'minutes'})`,
        FlexibleTimeWindow: { Mode: 'OFF' },
        Target: {
          Arn: getAtt(FUNCTION_IDS.sweep, 'Arn'),
          RoleArn: getAtt('ScheduleRole', 'Arn'),
          // The next run is the retry.
          RetryPolicy: { MaximumRetryAttempts: 0 },
        },
      },
    },
  };
}
