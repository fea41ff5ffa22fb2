import { SendMessageBatchCommand } from '@aws-sdk/client-sqs';
import { deduplicationId } from '../../shared/messages/group.ts';
import { groupOf, type Sqs } from '../../shared/messages/queue.ts';
import type { Message } from '../../shared/messages/schema.ts';
import { trying } from '../failure.ts';

/** SQS: "up to 10 messages" and 1 MiB in all per SendMessageBatch. */
const MAX_MESSAGES = 10;
const MAX_BYTES = 1_048_576;

export interface SendOptions {
  readonly sqs: Sqs;
  readonly queueUrl: string;
}

/** One batch of a replay: what was sent with which message, and SQS's word on each that it refused. */
export interface Sent<T> {
  readonly accepted: readonly T[];
  readonly refused: ReadonlyMap<T, string>;
}

/**
 * Sends messages to the queue, each in the group of its node and with a deduplication id of its
 * own: SQS takes and drops one that it saw within five minutes.
 *
 * @param messageOf what to send for an item.
 * @returns batch by batch, so that its caller can act on each before the next is sent.
 * @throws Failed where SQS can't be asked, or refuses a batch whole.
 */
export async function* sendBatches<T>(
  { sqs, queueUrl }: SendOptions,
  items: readonly T[],
  messageOf: (item: T) => Message,
): AsyncGenerator<Sent<T>> {
  for (const batch of batchesOf(items, messageOf)) {
    const Entries = batch.map(({ message, body }, index) => ({
      Id: String(index),
      MessageBody: body,
      MessageGroupId: groupOf(message),
      MessageDeduplicationId: deduplicationId(),
    }));
    const { Failed = [] } = await trying(`send to ${queueUrl}`, () =>
      sqs.send(new SendMessageBatchCommand({ QueueUrl: queueUrl, Entries })),
    );
    const failed = new Map(Failed.map(({ Id, Code, Message }) => [Id, `${Code}: ${Message}`]));
    const refused = new Map<T, string>();
    for (const [index, { item }] of batch.entries()) {
      const why = failed.get(String(index));
      if (why !== undefined) refused.set(item, why);
    }
    yield { accepted: batch.map(({ item }) => item).filter((item) => !refused.has(item)), refused };
  }
}

interface Entry<T> {
  readonly item: T;
  readonly message: Message;
  readonly body: string;
}

function batchesOf<T>(items: readonly T[], messageOf: (item: T) => Message): Entry<T>[][] {
  const batches: Entry<T>[][] = [];
  let bytes = 0;
  for (const item of items) {
    const message = messageOf(item);
    const body = JSON.stringify(message);
    const length = Buffer.byteLength(body);
    const last = batches.at(-1);
    if (last !== undefined && last.length < MAX_MESSAGES && bytes + length <= MAX_BYTES) {
      last.push({ item, message, body });
      bytes += length;
    } else {
      batches.push([{ item, message, body }]);
      bytes = length;
    }
  }
  return batches;
}

/**
 * A message as replay sends it: addresses that it names are not released any more, because who
 * claimed them then may not have been the last to do so.
 */
export function asReplay(message: Message): Message {
  return message.reason === 'heartbeat' ? message : { ...message, reason: 'replay' };
}
