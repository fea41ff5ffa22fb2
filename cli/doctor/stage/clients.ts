import { EKSClient } from '@aws-sdk/client-eks';
import { IAMClient } from '@aws-sdk/client-iam';
import { LambdaClient } from '@aws-sdk/client-lambda';
import { SchedulerClient } from '@aws-sdk/client-scheduler';
import { SSMClient } from '@aws-sdk/client-ssm';
import { limitedCalls, requestLimits } from '../../../shared/aws-calls.ts';
import type { Sqs } from '../../../shared/messages/sqs.ts';
import type { Clock } from '../../../shared/time/clock.ts';
import { awsClients, LIMITS } from '../../aws-clients.ts';

/** Whom checks of a stage ask. Every call ends by itself. */
export interface StageClients {
  readonly lambda: Pick<LambdaClient, 'send'>;
  readonly scheduler: Pick<SchedulerClient, 'send'>;
  readonly iam: Pick<IAMClient, 'send'>;
  readonly eks: Pick<EKSClient, 'send'>;
  readonly sqs: Sqs;
  readonly ssm: Pick<SSMClient, 'send'>;
}

export function stageClients(region: string | undefined, clock: Clock): StageClients {
  const options = { region, requestHandler: requestLimits(LIMITS) };
  return {
    lambda: limitedCalls(new LambdaClient(options), clock, LIMITS),
    scheduler: limitedCalls(new SchedulerClient(options), clock, LIMITS),
    iam: limitedCalls(new IAMClient(options), clock, LIMITS),
    eks: limitedCalls(new EKSClient(options), clock, LIMITS),
    sqs: awsClients(region, clock).sqs,
    ssm: limitedCalls(new SSMClient(options), clock, LIMITS),
  };
}
