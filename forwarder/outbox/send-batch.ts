import { SendMessageBatchCommand } from '@aws-sdk/client-sqs';
import { limitedCalls } from '../../shared/aws-calls.ts';
import type { Sqs } from '../../shared/messages/queue.ts';
import { type Clock, systemClock } from '../../shared/time/clock.ts';
import type { Refusal, SendBatch } from './outbox.ts';

/** A call that takes longer (ms) is given up, and its messages are sent again. */
export const CALL_TIMEOUT_MS = 10_000;

/** SendMessageBatch on one FIFO queue. The client's own retries should be off: the outbox has its own. */
export function sqsSendBatch(client: Sqs, queueUrl: string, clock: Clock = systemClock): SendBatch {
  const limited = limitedCalls(client, clock, { callMs: CALL_TIMEOUT_MS });
  return async (batch, signal) => {
    const command = new SendMessageBatchCommand({
      QueueUrl: queueUrl,
      Entries: batch.map(({ group, deduplicationId, body }, index) => ({
        Id: String(index),
        MessageGroupId: group,
        MessageDeduplicationId: deduplicationId,
        MessageBody: body,
      })),
    });
    const { Successful = [], Failed = [] } = await limited.send(command, { abortSignal: signal });
    const taken = new Set(Successful.map(({ Id }) => Id));
    const failed = new Map(Failed.map((entry) => [entry.Id, entry]));
    const refusals: Refusal[] = [];
    for (const index of batch.keys()) {
      if (taken.has(String(index))) continue;
      const { Code: code = 'NoAnswer', SenderFault: senderFault = false } =
        failed.get(String(index)) ?? {};
      refusals.push({ index, code, senderFault });
    }
    return refusals;
  };
}
