import { SendMessageCommand } from '@aws-sdk/client-sqs';
import { deduplicationId } from '../../shared/messages/group.ts';
import type { Sqs } from '../../shared/messages/queue.ts';
import type { Envelope } from './records.ts';

/**
 * Sends a message that can never be done straight to the dead-letter queue, with the reason as
 * a message attribute, so that it does not hold up its group.
 */
export async function toDeadLetter(
  sqs: Sqs,
  queueUrl: string,
  envelope: Envelope,
  reason: string,
): Promise<void> {
  await sqs.send(
    new SendMessageCommand({
      QueueUrl: queueUrl,
      MessageBody: envelope.body,
      MessageGroupId: envelope.attributes.MessageGroupId,
      MessageDeduplicationId: deduplicationId(),
      MessageAttributes: {
        reason: { DataType: 'String', StringValue: printable(reason) },
      },
    }),
  );
}

const MAX_REASON_LENGTH = 1000;

/** SQS refuses control characters in a body or attribute (Amazon SQS API Reference, "SendMessage"). */
function printable(text: string): string {
  return text.replace(/[^\p{L}\p{N}\p{P}\p{S} ]/gu, ' ').slice(0, MAX_REASON_LENGTH);
}
