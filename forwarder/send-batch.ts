import { SendMessageBatchCommand, type SQSClient } from '@aws-sdk/client-sqs';
import type { Refusal, SendBatch } from './outbox.ts';

const CALL_TIMEOUT_MS = 10_000;

/** SendMessageBatch on one FIFO queue. The client's own retries should be off: the outbox has its own. */
export function sqsSendBatch(client: SQSClient, queueUrl: string): SendBatch {
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
    const abortSignal = AbortSignal.any([signal, AbortSignal.timeout(CALL_TIMEOUT_MS)]);
    const { Successful = [], Failed = [] } = await client.send(command, { abortSignal });
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
