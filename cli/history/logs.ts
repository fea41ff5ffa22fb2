import { CloudWatchLogsClient } from '@aws-sdk/client-cloudwatch-logs';
import { limitedCalls, requestLimits } from '../../shared/aws-calls.ts';
import type { Clock } from '../../shared/time/clock.ts';
import { LIMITS } from '../aws-clients.ts';
import type { Logs } from './query.ts';

/** CloudWatch Logs of a Region, with the operator's credentials. */
export function logsOf(region: string | undefined, clock: Clock): Logs {
  const client = new CloudWatchLogsClient({ region, requestHandler: requestLimits(LIMITS) });
  return limitedCalls(client, clock, LIMITS);
}
