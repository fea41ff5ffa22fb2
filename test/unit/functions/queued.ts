import {
  type MessageAttributeValue,
  ReceiveMessageCommand,
  SendMessageCommand,
} from '@aws-sdk/client-sqs';
import type { SQSEvent } from 'aws-lambda';
import { sqsEvent } from '../../../sandbox/lambda/sqs-event.ts';
import { deduplicationId } from '../../../shared/messages/group.ts';
import type { Bed } from '../../support/bed.ts';

/** Sends bodies into the queue, in one group. */
export async function sendTo(bed: Bed, group: string, ...bodies: string[]) {
  for (const body of bodies) await sendWith(bed, group, body, {});
}

/** Sends a body with attributes into the queue. */
export async function sendWith(
  { world, sqs }: Bed,
  group: string,
  body: string,
  attributes: Readonly<Record<string, MessageAttributeValue>>,
) {
  await sqs.send(
    new SendMessageCommand({
      QueueUrl: world.queue.url,
      MessageBody: body,
      MessageGroupId: group,
      MessageDeduplicationId: deduplicationId(),
      MessageAttributes: attributes,
    }),
  );
}

/** What Lambda gets from the queue, to be handed to the function. */
export async function receiveFrom({ world, sqs }: Bed, visibilitySeconds = 360): Promise<SQSEvent> {
  const { Messages = [] } = await sqs.send(
    new ReceiveMessageCommand({
      QueueUrl: world.queue.url,
      MaxNumberOfMessages: 10,
      VisibilityTimeout: visibilitySeconds,
      MessageSystemAttributeNames: ['All'],
      MessageAttributeNames: ['All'],
    }),
  );
  return sqsEvent(Messages, world.queue.arn);
}
