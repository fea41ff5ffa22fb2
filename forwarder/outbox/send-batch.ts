import { limitedCalls } from '../../shared/aws-calls.ts';
import { sendBatch } from '../../shared/messages/send-batch.ts';
import type { Sqs } from '../../shared/messages/sqs.ts';
import { type Clock, systemClock } from '../../shared/time/clock.ts';
import type { SendBatch } from './sender.ts';

/** A call that takes longer (ms) is given up, and its messages are sent again. */
export const CALL_TIMEOUT_MS = 10_000;

/** Sends to one FIFO queue. The client's own retries should be off: the outbox has its own. */
export function sqsSendBatch(client: Sqs, queueUrl: string, clock: Clock = systemClock): SendBatch {
  const limited = limitedCalls(client, clock, { callMs: CALL_TIMEOUT_MS });
  return (batch, signal) => sendBatch(limited, queueUrl, batch, signal);
}
