import {
  type Message,
  ReceiveMessageCommand,
  type ReceiveMessageCommandInput,
  SendMessageCommand,
  type SendMessageCommandInput,
  type SQSClient,
} from '@aws-sdk/client-sqs';
import { deduplicationId } from '../../shared/messages/group.ts';

type Client = Pick<SQSClient, 'send'>;

/** Sends a body to a group, under a deduplication id of its own unless `more` has one. @returns the message's id. */
export async function sendTo(
  client: Client,
  url: string,
  group: string,
  body: string,
  more: Partial<SendMessageCommandInput> = {},
): Promise<string> {
  const { MessageId = '' } = await client.send(
    new SendMessageCommand({
      QueueUrl: url,
      MessageGroupId: group,
      MessageBody: body,
      MessageDeduplicationId: deduplicationId(),
      ...more,
    }),
  );
  return MessageId;
}

/** Receives up to ten messages, with all of their attributes. */
export async function receiveFrom(
  client: Client,
  url: string,
  more: Partial<ReceiveMessageCommandInput> = {},
): Promise<Message[]> {
  const { Messages = [] } = await client.send(
    new ReceiveMessageCommand({
      QueueUrl: url,
      MaxNumberOfMessages: 10,
      MessageSystemAttributeNames: ['All'],
      MessageAttributeNames: ['All'],
      ...more,
    }),
  );
  return Messages;
}
