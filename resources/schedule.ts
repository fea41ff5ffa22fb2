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
        sweepSchedule(
          name,
          { rate: rateOf(sweepMinutes), window: flexibleWindow(windowMinutesOf(sweepMinutes)) },
          {
            functionArn: getAtt(FUNCTION_IDS.sweep, 'Arn'),
            roleArn: getAtt('ScheduleRole', 'Arn'),
          },
        ),
      ]),
    ),
  };
}

/** As EventBridge Scheduler writes it. */
export function rateOf(minutes: number): string {
  return `rate(${minutes} ${minutes === 1 ? 'minute' : 'minutes'})`;
}

/**
 * Within how many minutes after its time a sweep begins: EventBridge Scheduler chooses
 * (https://docs.aws.amazon.com/scheduler/latest/UserGuide/managing-schedule-flexible-time-windows.html).
 * Schedules that were made together have the same time, and each of their sweeps reads the account's ENIs.
 * A fifth of the time between two sweeps, so that alarms which look at that time find a sweep in it.
 *
 * @returns 0 if sweeps are a minute apart, because a window has whole minutes.
 */
export function windowMinutesOf(sweepMinutes: number): number {
  return sweepMinutes === 1 ? 0 : Math.max(1, Math.floor(sweepMinutes / 5));
}

/** @param minutes a number, or what a template says in its place; 0: no window. */
export function flexibleWindow(minutes: unknown): Readonly<Record<string, unknown>> {
  if (minutes === 0) return { Mode: 'OFF' };
  return { Mode: 'FLEXIBLE', MaximumWindowInMinutes: minutes };
}

/** Has one cluster swept: what takes long or fails for it costs no other. */
export function sweepSchedule(
  cluster: string,
  { rate, window }: { readonly rate: unknown; readonly window: unknown },
  { functionArn, roleArn }: { readonly functionArn: unknown; readonly roleArn: unknown },
): Resource {
  return {
    Type: 'AWS::Scheduler::Schedule',
    Properties: {
      Description: `Compares cluster ${cluster} with EC2`,
      ScheduleExpression: rate,
      FlexibleTimeWindow: window,
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
