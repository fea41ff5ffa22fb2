import {
  MAX_MESSAGE_BYTES,
  messageBytes,
  REPLAY_ORIGIN,
  type StringAttributes,
  stringAttribute,
} from '../../shared/messages/attributes.ts';
import { deduplicationId } from '../../shared/messages/group.ts';
import { messageGroupOf } from '../../shared/messages/queue.ts';
import type { Message } from '../../shared/messages/schema.ts';
import { type BatchEntry, MAX_BATCH, sendBatch } from '../../shared/messages/send-batch.ts';
import type { Sqs } from '../../shared/messages/sqs.ts';
import { trying } from '../failure.ts';

export interface SendOptions {
  readonly sqs: Sqs;
  readonly queueUrl: string;
}

export interface ReplayMessage {
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
 * @throws Failed if SQS can't be asked, or refuses a batch whole.
 */
export async function* sendBatches<T extends ReplayMessage>(
  { sqs, queueUrl }: SendOptions,
  items: readonly T[],
): AsyncGenerator<Sent<T>> {
  for (const batch of batchesOf(items)) {
    const refusals = await trying(`send to ${queueUrl}`, () => sendBatch(sqs, queueUrl, batch));
    const refused = new Map<T, string>();
    for (const { index, code, detail } of refusals) {
      const entry = batch[index];
      if (entry !== undefined) refused.set(entry.item, `${code}: ${detail}`);
    }
    yield { accepted: batch.map(({ item }) => item).filter((item) => !refused.has(item)), refused };
  }
}

interface Entry<T> extends BatchEntry {
  readonly item: T;
  readonly bytes: number;
}

function entryOf<T extends ReplayMessage>(item: T): Entry<T> {
  const { message, origin } = item;
  const group = messageGroupOf(message);
  const body = JSON.stringify(message);
  const attributes: StringAttributes =
    origin === undefined ? {} : { [REPLAY_ORIGIN]: stringAttribute(origin) };
  const bytes = messageBytes(body, attributes);
  // The origin is left out where there is no room for it: should the message come back, only its
  // time tells so.
  const entry = { item, group, body, deduplicationId: deduplicationId() };
  if (bytes <= MAX_MESSAGE_BYTES) return { ...entry, attributes, bytes };
  return { ...entry, bytes: messageBytes(body, {}) };
}

function batchesOf<T extends ReplayMessage>(items: readonly T[]): Entry<T>[][] {
  const batches: Entry<T>[][] = [];
  let bytes = 0;
  for (const item of items) {
    const entry = entryOf(item);
    const last = batches.at(-1);
    const fits = bytes + entry.bytes <= MAX_MESSAGE_BYTES;
    if (last !== undefined && last.length < MAX_BATCH && fits) {
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
