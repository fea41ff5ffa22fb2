import { SendMessageBatchCommand, type SQSClient } from '@aws-sdk/client-sqs';
import { deduplicationId, heartbeatGroup, nodeGroup } from './group.ts';
import type { Message } from './schema.ts';

/** The SDK's SQS client, of which only `send` is used: so any single call can be wrapped. */
export type Sqs = Pick<SQSClient, 'send'>;

/** Sends messages into the queue; throws where one was not accepted. */
export type SendMessages = (messages: readonly Message[], signal?: AbortSignal) => Promise<void>;

/** SQS: "up to 10 messages" per SendMessageBatch. */
const MAX_BATCH = 10;

export function groupOf(message: Message): string {
  return message.reason === 'heartbeat'
    ? heartbeatGroup(message.cluster)
    : nodeGroup(message.cluster, message.node);
}

/** A sender for messages that name no pods, and so are small. */
export function messageSender(sqs: Sqs, queueUrl: string): SendMessages {
  return async (messages, signal) => {
    for (let start = 0; start < messages.length; start += MAX_BATCH) {
      const entries = messages.slice(start, start + MAX_BATCH).map((message, index) => ({
        Id: String(index),
        MessageBody: JSON.stringify(message),
        MessageGroupId: groupOf(message),
        MessageDeduplicationId: deduplicationId(),
      }));
      const answer = await sqs.send(
        new SendMessageBatchCommand({ QueueUrl: queueUrl, Entries: entries }),
        { abortSignal: signal },
      );
      const [failed] = answer.Failed ?? [];
      if (failed) {
        throw new Error(
          `${answer.Failed?.length} messages were not accepted by ${queueUrl}: ${failed.Code}: ${failed.Message}`,
        );
      }
    }
  };
}
