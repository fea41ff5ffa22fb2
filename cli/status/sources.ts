import { CloudWatchClient } from '@aws-sdk/client-cloudwatch';
import { limitedCalls, requestLimits } from '../../shared/aws-calls.ts';
import type { Clock } from '../../shared/time/clock.ts';
import type { Look } from '../access/access.ts';
import { awsClients, LIMITS } from '../aws-clients.ts';
import { bookingsTable } from '../bookings-table.ts';
import { redriveOf } from '../queues.ts';
import type { StatusSources } from './command.ts';

/** @throws Failed if SQS does not know the queue that was named. */
export async function sourcesOf(
  [look]: readonly Look[],
  options: { readonly stage?: string; readonly queueUrl?: string },
  clock: Clock,
): Promise<StatusSources> {
  const { stage } = options;
  const region = look?.config?.region ?? look?.region;
  const { sqs } = awsClients(region, clock);
  const own = options.queueUrl ?? look?.joined?.queueUrl;
  const queueUrl = own ?? look?.config?.queueUrl;
  const deadLetterQueueUrl =
    own === undefined
      ? look?.config?.deadLetterQueueUrl
      : (await redriveOf(sqs, own))?.deadLetterQueueUrl;
  const table = look?.config?.ec2.table;
  const common = {
    ...{ clock, sqs, queueUrl, deadLetterQueueUrl },
    ...(table !== undefined &&
      region !== undefined && { bookings: bookingsTable(table, region, clock) }),
  };
  if (stage === undefined) return common;
  const client = new CloudWatchClient({ region, requestHandler: requestLimits(LIMITS) });
  const cloudWatch = limitedCalls(client, clock, LIMITS);
  return { ...common, stage, cloudWatch };
}
