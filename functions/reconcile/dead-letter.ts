import { SendMessageCommand } from '@aws-sdk/client-sqs';
import { deduplicationId } from '../../shared/messages/group.ts';
import type { Sqs } from '../../shared/messages/queue.ts';
import type { Envelope } from './records.ts';

/**
 * Sends a message that can never be done straight to the dead-letter queue, with the reason as
 * a message attribute, so that it does not hold up its group. Where body and reason are too long
 * together, the reason gives way.
 *
 * @throws what SQS throws.
 */
export async function toDeadLetter(
  sqs: Sqs,
  queueUrl: string,
  envelope: Envelope,
  reason: string,
  signal: AbortSignal,
): Promise<void> {
  const { body, attributes } = envelope;
  const said = cutToBytes(printable(reason), roomBeside(body));
  await sqs.send(
    new SendMessageCommand({
      QueueUrl: queueUrl,
      MessageBody: body,
      MessageGroupId: attributes.MessageGroupId,
      MessageDeduplicationId: deduplicationId(),
      ...(said !== '' && {
        MessageAttributes: { [REASON]: { DataType: STRING, StringValue: said } },
      }),
    }),
    { abortSignal: signal },
  );
}

/** SQS: 1 MiB for the body and the names, types and values of the attributes together. */
const MAX_BYTES = 1_048_576;
const MAX_REASON_BYTES = 1000;
const REASON = 'reason';
const STRING = 'String';

function roomBeside(body: string): number {
  const taken = [body, REASON, STRING].reduce((sum, text) => sum + Buffer.byteLength(text), 0);
  return Math.max(0, Math.min(MAX_BYTES - taken, MAX_REASON_BYTES));
}

/** SQS refuses control characters in a body or attribute (Amazon SQS API Reference, "SendMessage"). */
function printable(text: string): string {
  return text.toWellFormed().replace(/[^\p{L}\p{N}\p{P}\p{S} ]/gu, ' ');
}

/** The longest beginning of `text` that fits and ends in a whole character. */
function cutToBytes(text: string, maxBytes: number): string {
  const bytes = new TextEncoder().encode(text).subarray(0, maxBytes);
  // What is left of a cut character is kept for a next part, which does not come.
  return new TextDecoder().decode(bytes, { stream: true });
}
