import { GetQueueAttributesCommand } from '@aws-sdk/client-sqs';
import * as z from 'zod';
import type { Sqs } from '../../../shared/messages/sqs.ts';

/** A queue, as far as checks look at it. */
export interface QueueFacts {
  readonly arn: string;
  /** Messages in it, approximately, those that somebody holds included. */
  readonly messages: number;
}

const attributes = z.object({
  QueueArn: z.string(),
  ApproximateNumberOfMessages: z.coerce.number(),
  ApproximateNumberOfMessagesNotVisible: z.coerce.number(),
});

/**
 * @returns `undefined` if there is no such queue.
 * @throws what SQS refuses with otherwise.
 */
export async function readQueueFacts(sqs: Sqs, QueueUrl: string): Promise<QueueFacts | undefined> {
  const command = new GetQueueAttributesCommand({
    QueueUrl,
    AttributeNames: [
      'QueueArn',
      'ApproximateNumberOfMessages',
      'ApproximateNumberOfMessagesNotVisible',
    ],
  });
  try {
    const { Attributes } = await sqs.send(command);
    const { QueueArn: arn, ...counts } = attributes.parse(Attributes);
    const { ApproximateNumberOfMessages, ApproximateNumberOfMessagesNotVisible } = counts;
    return { arn, messages: ApproximateNumberOfMessages + ApproximateNumberOfMessagesNotVisible };
  } catch (error) {
    if (error instanceof Error && /QueueDoesNotExist|NonExistentQueue/.test(error.name)) {
      return undefined;
    }
    throw error;
  }
}
