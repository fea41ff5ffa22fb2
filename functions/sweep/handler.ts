import middy from '@middy/core';
import type { Context } from 'aws-lambda';
import { configFrom } from '../../shared/config.ts';
import { systemClock } from '../../shared/time/clock.ts';
import { aws, contextFor } from '../context.ts';
import { lambdaTelemetry } from '../telemetry.ts';
import { withTelemetry } from '../with-telemetry.ts';
import { sweepClusters } from './sweep-clusters.ts';

/** Kept of the function's time for the summary. */
const MARGIN_MS = 5_000;

const telemetry = lambdaTelemetry('sweep');
const config = configFrom(process.env);
const outside = aws(config.region, systemClock);
const context = {
  ...contextFor(config, outside, { clock: systemClock, telemetry }),
  clusters: config.clusters.map(({ name }) => name),
};

/** Lambda's entry, run by the schedule; its event says nothing. */
export const handler = middy(async (_event: unknown, { getRemainingTimeInMillis }: Context) =>
  sweepClusters(context, Math.max(1, getRemainingTimeInMillis() - MARGIN_MS)),
).use(withTelemetry(telemetry));
