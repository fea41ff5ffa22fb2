import middy from '@middy/core';
import type { Context } from 'aws-lambda';
import { configFrom } from '../../shared/config.ts';
import { systemClock } from '../../shared/time/clock.ts';
import { aws, contextFor } from '../context.ts';
import { lambdaTelemetry } from '../telemetry.ts';
import { withTelemetry } from '../with-telemetry.ts';
import { reconcileBatch } from './reconcile-batch.ts';

/** Kept of the function's time for answering, after the nodes' own deadline. */
const MARGIN_MS = 5_000;
/** A node that takes longer blocks the others of its batch from being acknowledged. */
const LONGEST_NODE_MS = 45_000;

const telemetry = lambdaTelemetry('reconcile');
const config = configFrom(process.env);
const clients = aws(config.region, systemClock);
const context = {
  ...contextFor(config, clients, { clock: systemClock, telemetry }),
  queueUrl: config.queueUrl,
  deadLetterQueueUrl: config.deadLetterQueueUrl,
  random: Math.random,
  memories: new Map(),
};

/** Lambda's entry: a batch of the FIFO queue in, the messages to be retried out. */
export const handler = middy(async (event: unknown, { getRemainingTimeInMillis }: Context) => {
  const left = getRemainingTimeInMillis() - MARGIN_MS;
  return reconcileBatch(context, event, Math.max(1, Math.min(left, LONGEST_NODE_MS)));
}).use(withTelemetry(telemetry));
