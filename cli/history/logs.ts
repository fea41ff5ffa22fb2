import { CloudTrailClient } from '@aws-sdk/client-cloudtrail';
import { CloudWatchLogsClient } from '@aws-sdk/client-cloudwatch-logs';
import { limitedCalls, requestLimits } from '../../shared/aws-calls.ts';
import type { Clock } from '../../shared/time/clock.ts';
import { LIMITS } from '../aws-clients.ts';
import type { Logs } from './query.ts';
import type { Trail } from './trail.ts';

/**
 * CloudWatch Logs of a Region, and CloudTrail's event history where that is wanted, with the operator's
 * credentials.
 */
export function historySources(
  { region, cloudtrail }: { readonly region?: string; readonly cloudtrail?: boolean },
  clock: Clock,
): { readonly logs: Logs; readonly trail?: Trail } {
  const common = { region, requestHandler: requestLimits(LIMITS) };
  const logs = limitedCalls(new CloudWatchLogsClient(common), clock, LIMITS);
  if (!cloudtrail) return { logs };
  return { logs, trail: limitedCalls(new CloudTrailClient(common), clock, LIMITS) };
}
