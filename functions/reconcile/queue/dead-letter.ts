import { SendMessageCommand } from '@aws-sdk/client-sqs';
import {
  MAX_MESSAGE_BYTES,
  messageBytes,
  REASON,
  REPLAY_ORIGIN,
  type StringAttributes,
  stringAttribute,
} from '../../../shared/messages/attributes.ts';
import { deduplicationId } from '../../../shared/messages/group.ts';
import type { Sqs } from '../../../shared/messages/sqs.ts';
import { cutToBytes } from '../../../shared/text/cut-to-bytes.ts';
import type { Envelope } from './records.ts';

/**
 * Sends a message that can never be done straight to the dead-letter queue, with the reason as a
 * message attribute, so that it does not hold up its group. If body and reason are too long together,
 * the reason is cut. What was replayed stays known as that.
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
  const { body, attributes, messageAttributes } = envelope;
  const origin = messageAttributes?.[REPLAY_ORIGIN]?.stringValue;
  const kept: StringAttributes =
    origin === undefined ? {} : { [REPLAY_ORIGIN]: stringAttribute(origin) };
  const said = cutToBytes(printable(reason), roomBeside(body, kept));
  await sqs.send(
    new SendMessageCommand({
      QueueUrl: queueUrl,
      MessageBody: body,
      MessageGroupId: attributes.MessageGroupId ?? 'none',
      MessageDeduplicationId: deduplicationId(),
      MessageAttributes: { ...kept, ...(said !== '' && { [REASON]: stringAttribute(said) }) },
    }),
    { abortSignal: signal },
  );
}

const MAX_REASON_BYTES = 1000;

function roomBeside(body: string, kept: StringAttributes): number {
  const taken = messageBytes(body, { ...kept, [REASON]: stringAttribute('') });
  return Math.max(0, Math.min(MAX_MESSAGE_BYTES - taken, MAX_REASON_BYTES));
}

/** SQS refuses control characters in a body or attribute (Amazon SQS API Reference, "SendMessage"). */
function printable(text: string): string {
  return text.toWellFormed().replace(/[^\p{L}\p{N}\p{P}\p{S} ]/gu, ' ');
}
