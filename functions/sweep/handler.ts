import middy from '@middy/core';
import type { Context } from 'aws-lambda';
import * as z from 'zod';
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
const context = contextFor(config, outside, { clock: systemClock, telemetry });
const listed = config.clusters.map(({ name }) => name);

/** What a cluster's schedule sends. Whoever invokes the function by hand may leave the cluster out. */
const input = z.object({ cluster: z.string().min(1).optional() });

/** Lambda's entry: sweeps the cluster that the event names, or all that are configured. */
export const handler = middy(async (event: unknown, { getRemainingTimeInMillis }: Context) => {
  const { cluster } = input.parse(event ?? {});
  const leftMs = Math.max(1, getRemainingTimeInMillis() - MARGIN_MS);
  return sweepClusters(context, cluster === undefined ? listed : [cluster], leftMs);
}).use(withTelemetry(telemetry));
