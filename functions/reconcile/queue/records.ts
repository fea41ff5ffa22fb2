import * as z from 'zod';
import {
  FIRST_SENT,
  MAX_ORIGIN_LENGTH,
  REPLAY_ORIGIN,
} from '../../../shared/messages/attributes.ts';
import { messageGroupOf } from '../../../shared/messages/queue.ts';
import { type Message, parseMessage } from '../../../shared/messages/schema.ts';
import { oneLine } from '../../../shared/text/one-line.ts';

/** As replay wrote it; anyone who may send to the queue may have written something else. */
const origin = z.object({ stringValue: z.string().min(1).max(MAX_ORIGIN_LENGTH) });

/** As a reconcile wrote it that passed the message on: ms since the epoch. */
const firstSent = z.object({ stringValue: z.coerce.number().min(0) });

const record = z.object({
  messageId: z.string(),
  receiptHandle: z.string(),
  body: z.string(),
  attributes: z.object({
    ApproximateReceiveCount: z.coerce.number().int().min(1),
    /** Each message of a FIFO queue has one. An event that somebody wrote by hand may have none. */
    MessageGroupId: z.string().optional(),
    /** By SQS's clock, ms since the epoch. */
    SentTimestamp: z.coerce.number().optional(),
  }),
  messageAttributes: z
    .object({
      [REPLAY_ORIGIN]: origin.optional().catch(undefined),
      [FIRST_SENT]: firstSent.optional().catch(undefined),
    })
    .optional(),
});

/** The part of Lambda's SQS event that is used (AWS Lambda Developer Guide, "Using Lambda with Amazon SQS"). */
const sqsEvent = z.object({ Records: z.array(record) });

/** One message of a batch as it came. */
export type Envelope = z.infer<typeof record>;

export interface Received<M extends Message = Message> {
  readonly envelope: Envelope;
  readonly message: M;
}

export interface Malformed {
  readonly envelope: Envelope;
  readonly detail: string;
}

/**
 * When a message was sent for the first time, whoever passed it on since: ms since the epoch. Absent
 * for an event that somebody wrote by hand.
 */
export function firstSentAt({ attributes, messageAttributes }: Envelope): number | undefined {
  const { SentTimestamp: sentAt } = attributes;
  const first = messageAttributes?.[FIRST_SENT]?.stringValue;
  return first === undefined || sentAt === undefined ? sentAt : Math.min(first, sentAt);
}

/**
 * When what a message tells of was observed, ms since the epoch: at the latest when it was sent. The
 * clock of a forwarder's node may be ahead of SQS's.
 */
export function observedAt({ envelope, message }: Received): number {
  return Math.min(Date.parse(message.observedAt), firstSentAt(envelope) ?? Infinity);
}

/**
 * Reads a batch: the messages, and the records that can never be done. A message in another group than
 * its node's can never be done. SQS would hand it out beside the node's own messages, and the node
 * would have two writers (docs/design.md, rule 2).
 *
 * @throws for an event that is not SQS's.
 */
export function readBatch(event: unknown): {
  readonly received: readonly Received[];
  readonly malformed: readonly Malformed[];
} {
  const received: Received[] = [];
  const malformed: Malformed[] = [];
  for (const envelope of sqsEvent.parse(event).Records) {
    const parsed = parseMessage(envelope.body);
    const detail = parsed.ok ? wrongGroup(envelope, parsed.message) : parsed.detail;
    if (parsed.ok && detail === undefined) received.push({ envelope, message: parsed.message });
    else malformed.push({ envelope, detail: detail ?? '' });
  }
  return { received, malformed };
}

function wrongGroup({ attributes }: Envelope, message: Message): string | undefined {
  const { MessageGroupId: group } = attributes;
  const own = messageGroupOf(message);
  if (group === undefined || group === own) return undefined;
  return oneLine(`its group ${group} is not the group of what it names, ${own}`);
}
