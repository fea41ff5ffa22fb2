import { inTurns } from '../time/in-turns.ts';
import { MAX_MESSAGE_BYTES, messageBytes } from './attributes.ts';
import { deduplicationId, heartbeatGroup, nodeGroup } from './group.ts';
import type { Message } from './schema.ts';
import { type BatchEntry, MAX_BATCH, sendBatch } from './send-batch.ts';
import type { Sqs } from './sqs.ts';

/** A sweep may have hundreds of batches to send. Few at a time, so that they are queued much in their order. */
const SIDE_BY_SIDE = 3;

/** Sends messages into the queue; throws if one was not accepted. */
export type SendMessages = (messages: readonly Message[], signal?: AbortSignal) => Promise<void>;

export function messageGroupOf(message: Message): string {
  return message.reason === 'heartbeat'
    ? heartbeatGroup(message.cluster)
    : nodeGroup(message.cluster, message.node);
}

/** A sender of messages. */
export function messageSender(sqs: Sqs, queueUrl: string): SendMessages {
  return (messages, signal) => {
    const entries = messages.map((message) => ({
      group: messageGroupOf(message),
      deduplicationId: deduplicationId(),
      body: JSON.stringify(message),
    }));
    return sendEntries(sqs, queueUrl, entries, signal);
  };
}

/** Sends entries in as few calls as SQS takes them. @throws if one was not accepted. */
export async function sendEntries(
  sqs: Sqs,
  queueUrl: string,
  entries: readonly BatchEntry[],
  signal?: AbortSignal,
): Promise<void> {
  const send = async (batch: readonly BatchEntry[]): Promise<void> => {
    const refusals = await sendBatch(sqs, queueUrl, batch, signal);
    const [first] = refusals;
    if (first === undefined) return;
    throw new Error(
      `${refusals.length} messages were not accepted by ${queueUrl}: ${first.code}: ${first.detail}`,
    );
  };
  await inTurns(batchesOf(entries), send, SIDE_BY_SIDE);
}

/** A call takes ten messages, and as many bytes as one message may have. */
function batchesOf(entries: readonly BatchEntry[]): BatchEntry[][] {
  const batches: BatchEntry[][] = [];
  let left = 0;
  for (const entry of entries) {
    const bytes = messageBytes(entry.body, entry.attributes ?? {});
    const last = batches.at(-1);
    if (last === undefined || last.length === MAX_BATCH || bytes > left) {
      batches.push([entry]);
      left = MAX_MESSAGE_BYTES - bytes;
    } else {
      last.push(entry);
      left -= bytes;
    }
  }
  return batches;
}
