import { ChangeMessageVisibilityBatchCommand } from '@aws-sdk/client-sqs';
import type { Random } from '../../shared/clock.ts';
import type { Sqs } from '../../shared/messages/queue.ts';
import type { Envelope } from './records.ts';

const LONGEST_S = 60;
/** The shortest a delay gets by jitter: with it, 100 receives cover more than an hour. */
const JITTER = 0.2;

/** The delay in whole seconds before the receive after `receives`: doubling from 1 to 60, with jitter. */
export function delaySeconds(receives: number, random: Random): number {
  const full = Math.min(LONGEST_S, 2 ** Math.min(receives - 1, 10));
  return Math.max(1, Math.round(full * (1 - JITTER * random())));
}

/**
 * Makes failed messages of one node visible again after one and the same short delay: one
 * message in flight blocks its group.
 */
export async function backOff(
  sqs: Sqs,
  queueUrl: string,
  envelopes: readonly Envelope[],
  random: Random,
): Promise<void> {
  const receives = envelopes.map(({ attributes }) => attributes.ApproximateReceiveCount);
  const delay = delaySeconds(Math.max(...receives), random);
  const entries = envelopes.map(({ receiptHandle }, index) => ({
    Id: String(index),
    ReceiptHandle: receiptHandle,
    VisibilityTimeout: delay,
  }));
  // Ten at most: the event source mapping's batch size is ten.
  await sqs.send(new ChangeMessageVisibilityBatchCommand({ QueueUrl: queueUrl, Entries: entries }));
}
