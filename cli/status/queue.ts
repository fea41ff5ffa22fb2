import { GetQueueAttributesCommand } from '@aws-sdk/client-sqs';
import * as z from 'zod';
import type { Sqs } from '../../shared/messages/sqs.ts';
import { trying } from '../failure.ts';

/** How many messages SQS counts, approximately. */
export interface QueueCounts {
  readonly waiting: number;
  readonly inFlight: number;
  readonly deadLetters?: number;
}

const counts = z.object({
  ApproximateNumberOfMessages: z.coerce.number(),
  ApproximateNumberOfMessagesNotVisible: z.coerce.number(),
});

/** @throws Failed if SQS refuses. */
export async function readQueue(
  sqs: Sqs,
  queueUrl: string,
  deadLetterQueueUrl: string | undefined,
): Promise<QueueCounts> {
  const [queue, dead] = await Promise.all([
    countOf(sqs, queueUrl),
    deadLetterQueueUrl === undefined ? undefined : countOf(sqs, deadLetterQueueUrl),
  ]);
  return {
    waiting: queue.ApproximateNumberOfMessages,
    inFlight: queue.ApproximateNumberOfMessagesNotVisible,
    ...(dead && {
      deadLetters: dead.ApproximateNumberOfMessages + dead.ApproximateNumberOfMessagesNotVisible,
    }),
  };
}

async function countOf(sqs: Sqs, url: string) {
  const { Attributes } = await trying(`count the messages of ${url}`, () =>
    sqs.send(
      new GetQueueAttributesCommand({
        QueueUrl: url,
        AttributeNames: ['ApproximateNumberOfMessages', 'ApproximateNumberOfMessagesNotVisible'],
      }),
    ),
  );
  return counts.parse(Attributes);
}
