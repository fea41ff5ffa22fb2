import { SendMessageBatchCommand } from '@aws-sdk/client-sqs';
import type { StringAttributes } from './attributes.ts';
import type { Sqs } from './sqs.ts';

/** SQS: "up to 10 messages" per SendMessageBatch (Amazon SQS API Reference). */
export const MAX_BATCH = 10;

/** One message of a batch. */
export interface BatchEntry {
  readonly group: string;
  /** SQS takes and drops a message whose id it saw within five minutes. */
  readonly deduplicationId: string;
  readonly body: string;
  readonly attributes?: StringAttributes;
}

/** Why SQS did not take a message. */
export interface BatchRefusal {
  /** The message's place in the batch. */
  readonly index: number;
  /** `NoAnswer` if SQS said neither. */
  readonly code: string;
  readonly detail: string;
  /** It is about the message: the same one is refused again. */
  readonly senderFault: boolean;
}

/**
 * Sends one batch of at most ten messages, and of as many bytes as one message may have.
 *
 * @returns those that SQS did not take.
 * @throws what SQS throws if it refuses the batch as a whole.
 */
export async function sendBatch(
  sqs: Sqs,
  queueUrl: string,
  batch: readonly BatchEntry[],
  signal?: AbortSignal,
): Promise<BatchRefusal[]> {
  const Entries = batch.map(({ group, deduplicationId, body, attributes }, index) => ({
    Id: String(index),
    MessageGroupId: group,
    MessageDeduplicationId: deduplicationId,
    MessageBody: body,
    ...(attributes === undefined ? {} : { MessageAttributes: attributes }),
  }));
  const command = new SendMessageBatchCommand({ QueueUrl: queueUrl, Entries });
  const { Successful = [], Failed = [] } = await sqs.send(command, { abortSignal: signal });
  const taken = new Set(Successful.map(({ Id }) => Id));
  const failed = new Map(Failed.map((entry) => [entry.Id, entry]));
  return [...batch.keys()]
    .filter((index) => !taken.has(String(index)))
    .map((index) => {
      const { Code, Message, SenderFault } = failed.get(String(index)) ?? {};
      const [code, detail] = [Code ?? 'NoAnswer', Message ?? ''];
      return { index, code, detail, senderFault: SenderFault ?? false };
    });
}
