import { ChangeMessageVisibilityBatchCommand } from '@aws-sdk/client-sqs';
import type { Sqs } from '../../../shared/messages/sqs.ts';
import type { Envelope } from './records.ts';

/** Why SQS did not change the visibility of one message. */
export interface VisibilityRefusal {
  readonly code: string;
  readonly detail: string;
  /** It is about the message or its receipt handle: the same call again is refused again. */
  readonly senderFault: boolean;
}

/**
 * Has nobody else get these messages for `seconds` from now on.
 *
 * @param envelopes ten at most, as the event source mapping's batch size is ten.
 * @returns the messages for which SQS did not do it.
 * @throws what SQS throws if the call fails as a whole.
 */
export async function setVisibility(
  sqs: Sqs,
  queueUrl: string,
  envelopes: readonly Envelope[],
  seconds: number,
  signal: AbortSignal,
): Promise<ReadonlyMap<Envelope, VisibilityRefusal>> {
  const entries = envelopes.map(({ receiptHandle }, index) => ({
    Id: String(index),
    ReceiptHandle: receiptHandle,
    VisibilityTimeout: seconds,
  }));
  const { Successful = [], Failed = [] } = await sqs.send(
    new ChangeMessageVisibilityBatchCommand({ QueueUrl: queueUrl, Entries: entries }),
    { abortSignal: signal },
  );
  const changed = new Set(Successful.map(({ Id }) => Id));
  const failed = new Map(Failed.map((entry) => [entry.Id, entry]));
  const refusals = new Map<Envelope, VisibilityRefusal>();
  for (const [index, envelope] of envelopes.entries()) {
    const id = String(index);
    if (changed.has(id)) continue;
    const {
      Code: code = 'NoAnswer',
      Message: detail = '',
      SenderFault: senderFault = false,
    } = failed.get(id) ?? {};
    refusals.set(envelope, { code, detail, senderFault });
  }
  return refusals;
}
