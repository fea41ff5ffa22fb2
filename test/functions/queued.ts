import { ReceiveMessageCommand, SendMessageCommand } from '@aws-sdk/client-sqs';
import type { SQSEvent } from 'aws-lambda';
import { sqsEvent } from '../../sandbox/lambda/sqs-event.ts';
import { deduplicationId } from '../../shared/messages/group.ts';
import type { Bed } from '../support/bed.ts';

/** Sends bodies into the queue, in one group. */
export async function sendTo({ world, sqs }: Bed, group: string, ...bodies: string[]) {
  for (const MessageBody of bodies) {
    await sqs.send(
      new SendMessageCommand({
        QueueUrl: world.queue.url,
        MessageBody,
        MessageGroupId: group,
        MessageDeduplicationId: deduplicationId(),
      }),
    );
  }
}

/** What Lambda gets from the queue, to be handed to the function. */
export async function receiveFrom({ world, sqs }: Bed, visibilitySeconds = 360): Promise<SQSEvent> {
  const { Messages = [] } = await sqs.send(
    new ReceiveMessageCommand({
      QueueUrl: world.queue.url,
      MaxNumberOfMessages: 10,
      VisibilityTimeout: visibilitySeconds,
      MessageSystemAttributeNames: ['All'],
    }),
  );
  return sqsEvent(Messages, world.queue.arn);
}
