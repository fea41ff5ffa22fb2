import type { MessageAttributeValue } from '@aws-sdk/client-sqs';
import type { SQSEvent } from 'aws-lambda';
import { sqsEvent } from '../../../sandbox/lambda/sqs-event.ts';
import type { Bed } from '../../support/bed.ts';
import { receiveFrom, sendTo } from '../../support/queue.ts';

/** Sends a body into the queue, with attributes if there are any. */
export async function enqueue(
  { world, sqs }: Bed,
  group: string,
  body: string,
  attributes: Readonly<Record<string, MessageAttributeValue>> = {},
): Promise<void> {
  await sendTo(sqs, world.queue.url, group, body, { MessageAttributes: attributes });
}

/** What Lambda gets from the queue, to be handed to the function. */
export async function nextEvent({ world, sqs }: Bed, VisibilityTimeout = 360): Promise<SQSEvent> {
  const { url, arn } = world.queue;
  return sqsEvent(await receiveFrom(sqs, url, { VisibilityTimeout }), arn);
}
