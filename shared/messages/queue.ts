import { inGroups } from '../in-groups.ts';
import { inTurns } from '../time/in-turns.ts';
import { deduplicationId, heartbeatGroup, nodeGroup } from './group.ts';
import type { Message } from './schema.ts';
import { MAX_BATCH, sendBatch } from './send-batch.ts';
import type { Sqs } from './sqs.ts';

/** A sweep may have hundreds of batches to send. Few at a time, so that they are queued much in their order. */
const SIDE_BY_SIDE = 3;

/** Sends messages into the queue; throws where one was not accepted. */
export type SendMessages = (messages: readonly Message[], signal?: AbortSignal) => Promise<void>;

export function messageGroupOf(message: Message): string {
  return message.reason === 'heartbeat'
    ? heartbeatGroup(message.cluster)
    : nodeGroup(message.cluster, message.node);
}

/** A sender for messages that name no pods, and so are small. */
export function messageSender(sqs: Sqs, queueUrl: string): SendMessages {
  return async (messages, signal) => {
    const send = async (group: readonly Message[]): Promise<void> => {
      const batch = group.map((message) => ({
        group: messageGroupOf(message),
        deduplicationId: deduplicationId(),
        body: JSON.stringify(message),
      }));
      const refusals = await sendBatch(sqs, queueUrl, batch, signal);
      const [first] = refusals;
      if (first === undefined) return;
      throw new Error(
        `${refusals.length} messages were not accepted by ${queueUrl}: ${first.code}: ${first.detail}`,
      );
    };
    await inTurns(inGroups(messages, MAX_BATCH), send, SIDE_BY_SIDE);
  };
}
