import { SendMessageBatchCommand } from '@aws-sdk/client-sqs';
import {
  MAX_MESSAGE_BYTES,
  messageBytes,
  REPLAY_ORIGIN,
  type StringAttributes,
  stringAttribute,
} from '../../shared/messages/attributes.ts';
import { deduplicationId } from '../../shared/messages/group.ts';
import { groupOf, type Sqs } from '../../shared/messages/queue.ts';
import type { Message } from '../../shared/messages/schema.ts';
import { trying } from '../failure.ts';

/** SQS: "up to 10 messages" per SendMessageBatch, and in all no more bytes than one may have. */
const MAX_MESSAGES = 10;

export interface SendOptions {
  readonly sqs: Sqs;
  readonly queueUrl: string;
}

/** What to send. */
export interface Outgoing {
  readonly message: Message;
  /** The id by which it is known where it comes back. */
  readonly origin?: string;
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
 * @returns batch by batch, so that its caller can act on each before the next is sent.
 * @throws Failed where SQS can't be asked, or refuses a batch whole.
 */
export async function* sendBatches<T extends Outgoing>(
  { sqs, queueUrl }: SendOptions,
  items: readonly T[],
): AsyncGenerator<Sent<T>> {
  for (const batch of batchesOf(items)) {
    const Entries = batch.map(({ group, body, attributes }, index) => ({
      Id: String(index),
      MessageBody: body,
      MessageGroupId: group,
      MessageDeduplicationId: deduplicationId(),
      MessageAttributes: attributes,
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
  readonly group: string;
  readonly body: string;
  readonly attributes: StringAttributes;
  readonly bytes: number;
}

function entryOf<T extends Outgoing>(item: T): Entry<T> {
  const { message, origin } = item;
  const group = groupOf(message);
  const body = JSON.stringify(message);
  const attributes: StringAttributes =
    origin === undefined ? {} : { [REPLAY_ORIGIN]: stringAttribute(origin) };
  const bytes = messageBytes(body, attributes);
  // The message matters more: without it, only its time tells that it came back.
  if (bytes <= MAX_MESSAGE_BYTES) return { item, group, body, attributes, bytes };
  return { item, group, body, attributes: {}, bytes: messageBytes(body, {}) };
}

function batchesOf<T extends Outgoing>(items: readonly T[]): Entry<T>[][] {
  const batches: Entry<T>[][] = [];
  let bytes = 0;
  for (const item of items) {
    const entry = entryOf(item);
    const last = batches.at(-1);
    const fits = bytes + entry.bytes <= MAX_MESSAGE_BYTES;
    if (last !== undefined && last.length < MAX_MESSAGES && fits) {
      last.push(entry);
      bytes += entry.bytes;
    } else {
      batches.push([entry]);
      bytes = entry.bytes;
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
