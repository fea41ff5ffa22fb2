import {
  ChangeMessageVisibilityBatchCommand,
  DeleteMessageBatchCommand,
  GetQueueAttributesCommand,
  ReceiveMessageCommand,
} from '@aws-sdk/client-sqs';
import * as z from 'zod';
import { MAX_ORIGIN_LENGTH, REASON, REPLAY_ORIGIN } from '../shared/messages/attributes.ts';
import type { Sqs } from '../shared/messages/sqs.ts';
import { explain, trying } from './failure.ts';

/** SQS: "up to 10 messages" per receive, delete and change of visibility. */
const MAX_BATCH = 10;
/**
 * So many seconds nobody else sees what was received. Then everybody does, even if this was killed.
 */
export const HELD_SECONDS = 60;

const receivedMessage = z.object({
  MessageId: z.string(),
  ReceiptHandle: z.string(),
  Body: z.string(),
  Attributes: z.object({
    ApproximateReceiveCount: z.coerce.number(),
    SentTimestamp: z.coerce.number(),
    MessageGroupId: z.string().default(''),
  }),
  MessageAttributes: z
    .object({
      [REASON]: z.object({ StringValue: z.string() }).optional(),
      [REPLAY_ORIGIN]: z
        .object({ StringValue: z.string().min(1).max(MAX_ORIGIN_LENGTH) })
        .optional()
        .catch(undefined),
    })
    .optional(),
});

/** A message of the dead-letter queue that this run holds. */
export interface HeldMessage {
  readonly id: string;
  /** The id that it had when it was replayed for the first time; its own where it never was. */
  readonly origin: string;
  readonly receiptHandle: string;
  readonly body: string;
  readonly group: string;
  /** Milliseconds since the epoch: when it came into this queue. */
  readonly sentAt: number;
  readonly receives: number;
  /** The message attribute that tells why it was set aside. */
  readonly reason?: string;
}

/** A dead-letter queue, as one who looks through it needs it. All but `release` throw Failed. */
export interface HeldMessages {
  /** Ten at most, which nobody else sees for HELD_SECONDS; none: there is no more to be had now. */
  receive(): Promise<readonly HeldMessage[]>;
  /** Deletes messages. @returns those that it did not, with SQS's word on each. */
  remove(messages: readonly HeldMessage[]): Promise<ReadonlyMap<HeldMessage, string>>;
  /**
   * Lets everyone see messages again; one that is no longer held is seen already.
   *
   * @returns why it could not. It does not throw: they come back by themselves, only later.
   */
  release(messages: Iterable<HeldMessage>): Promise<string | undefined>;
  count(): Promise<Count>;
}

/** How many messages SQS counts, approximately. */
export interface Count {
  readonly visible: number;
  readonly held: number;
  /** The end of the second in which it counted, by its own clock (ms since the epoch). */
  readonly at: number;
}

/** Whether a message came into the queue after it was counted. */
export function cameLater({ sentAt }: HeldMessage, { at }: Count): boolean {
  return sentAt > at;
}

/**
 * After so many receives in a row that bring only what came later, all that was there has been
 * seen.
 */
const LATE_RECEIVES = 10;

/**
 * Receives what was in a queue when it was counted, and what comes meanwhile, batch by batch. It
 * ends when a receive brings nothing new, or when many in a row bring only what came after the
 * count. A message that the caller releases before the end is received again.
 *
 * @param signal ends it after the batch that is under way.
 * @throws what `receive` throws.
 */
export async function* receiveAll(
  { receive }: Pick<HeldMessages, 'receive'>,
  count: Count,
  signal: AbortSignal,
): AsyncGenerator<readonly HeldMessage[]> {
  const seen = new Set<string>();
  for (let late = 0; late < LATE_RECEIVES && !signal.aborted; ) {
    const messages = await receive();
    const unseen = messages.filter(({ id }) => !seen.has(id));
    for (const { id } of unseen) seen.add(id);
    yield messages;
    if (unseen.length === 0) return;
    late = unseen.every((message) => cameLater(message, count)) ? late + 1 : 0;
  }
}

/** @param waitSeconds how long a receive that finds nothing waits, so that SQS asks all its servers. */
export function heldMessages(sqs: Sqs, url: string, waitSeconds: number): HeldMessages {
  return {
    receive: () => receive(sqs, url, waitSeconds),
    async remove(messages) {
      const failed = new Map<HeldMessage, string>();
      for (const batch of batches(messages)) {
        const { Failed = [] } = await trying(`delete from ${url}`, () =>
          sqs.send(new DeleteMessageBatchCommand({ QueueUrl: url, Entries: batch.map(entryOf) })),
        );
        for (const { Id, Code, Message } of Failed) {
          const message = batch[Number(Id)];
          if (message !== undefined) failed.set(message, `${Code}: ${Message}`);
        }
      }
      return failed;
    },
    release: (messages) =>
      release(sqs, url, [...messages]).then(
        () => undefined,
        (error: unknown) => explain(error, `release messages of ${url}`),
      ),
    count: () => countOf(sqs, url),
  };
}

async function receive(sqs: Sqs, url: string, waitSeconds: number): Promise<HeldMessage[]> {
  const { Messages = [] } = await trying(`receive from ${url}`, () =>
    sqs.send(
      new ReceiveMessageCommand({
        QueueUrl: url,
        MaxNumberOfMessages: MAX_BATCH,
        VisibilityTimeout: HELD_SECONDS,
        WaitTimeSeconds: waitSeconds,
        MessageSystemAttributeNames: ['ApproximateReceiveCount', 'SentTimestamp', 'MessageGroupId'],
        MessageAttributeNames: [REASON, REPLAY_ORIGIN],
      }),
    ),
  );
  return Messages.map((message) => {
    const { MessageId, ReceiptHandle, Body, Attributes, MessageAttributes } =
      receivedMessage.parse(message);
    return {
      id: MessageId,
      origin: MessageAttributes?.[REPLAY_ORIGIN]?.StringValue ?? MessageId,
      receiptHandle: ReceiptHandle,
      body: Body,
      group: Attributes.MessageGroupId,
      sentAt: Attributes.SentTimestamp,
      receives: Attributes.ApproximateReceiveCount,
      reason: MessageAttributes?.[REASON]?.StringValue,
    };
  });
}

async function release(sqs: Sqs, url: string, messages: readonly HeldMessage[]): Promise<void> {
  for (const batch of batches(messages)) {
    const Entries = batch.map((message, index) => ({
      ...entryOf(message, index),
      VisibilityTimeout: 0,
    }));
    await sqs.send(new ChangeMessageVisibilityBatchCommand({ QueueUrl: url, Entries }));
  }
}

const counts = z.object({
  ApproximateNumberOfMessages: z.coerce.number(),
  ApproximateNumberOfMessagesNotVisible: z.coerce.number(),
});

const dated = z.object({ headers: z.object({ date: z.string() }) });

async function countOf(sqs: Sqs, url: string): Promise<Count> {
  const command = new GetQueueAttributesCommand({
    QueueUrl: url,
    AttributeNames: ['ApproximateNumberOfMessages', 'ApproximateNumberOfMessagesNotVisible'],
  });
  let date = '';
  command.middlewareStack.add(
    (next) => async (args) => {
      const answered = await next(args);
      date = dated.safeParse(answered.response).data?.headers.date ?? '';
      return answered;
    },
    { step: 'deserialize' },
  );
  const { Attributes } = await trying(`count the messages of ${url}`, () => sqs.send(command));
  const { ApproximateNumberOfMessages: visible, ApproximateNumberOfMessagesNotVisible: held } =
    counts.parse(Attributes);
  // Without a date nothing is known to have come later.
  const second = Date.parse(date);
  return { visible, held, at: Number.isNaN(second) ? Number.POSITIVE_INFINITY : second + 999 };
}

function entryOf({ receiptHandle }: HeldMessage, index: number) {
  return { Id: String(index), ReceiptHandle: receiptHandle };
}

function batches<T>(items: readonly T[]): T[][] {
  const count = Math.ceil(items.length / MAX_BATCH);
  return Array.from({ length: count }, (_, n) => items.slice(n * MAX_BATCH, (n + 1) * MAX_BATCH));
}
