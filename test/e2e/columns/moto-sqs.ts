import {
  ChangeMessageVisibilityCommand,
  CreateQueueCommand,
  GetQueueAttributesCommand,
  ReceiveMessageCommand,
  type SQSClient,
} from '@aws-sdk/client-sqs';
import * as z from 'zod';
import {
  DEAD_LETTER_ATTRIBUTES,
  DEAD_LETTER_QUEUE,
  QUEUE,
  type Queue,
  queueAttributes,
} from '../../../sandbox/aws.ts';
import { sleep, systemClock } from '../../../shared/time/clock.ts';
import type { StageQueue } from '../../support/stage.ts';

/** How often a waiting receive looks. */
const POLL_MS = 20;

const created = z.object({ QueueUrl: z.string() });
const counts = z.object({
  Attributes: z.object({
    ApproximateNumberOfMessages: z.coerce.number(),
    ApproximateNumberOfMessagesNotVisible: z.coerce.number(),
  }),
});
const arns = z.object({ Attributes: z.object({ QueueArn: z.string() }) });
const received = z.object({
  Messages: z
    .array(
      z.object({
        Body: z.string(),
        ReceiptHandle: z.string(),
        MessageAttributes: z
          .record(z.string(), z.object({ StringValue: z.string().optional() }))
          .default({}),
      }),
    )
    .default([]),
});

/** The queue and its dead-letter queue, as they are deployed. */
export interface MotoSqs {
  readonly queue: Queue;
  readonly deadLetterQueue: Queue;
  readonly inside: Pick<StageQueue, 'deadLetters' | 'size'>;
}

export async function setUpSqs(client: SQSClient): Promise<MotoSqs> {
  const create = async (name: string, attributes: Record<string, string>): Promise<Queue> => {
    const command = new CreateQueueCommand({ QueueName: name, Attributes: attributes });
    const url = created.parse(await client.send(command)).QueueUrl;
    const described = await client.send(
      new GetQueueAttributesCommand({ QueueUrl: url, AttributeNames: ['QueueArn'] }),
    );
    return { name, url, arn: arns.parse(described).Attributes.QueueArn };
  };
  const deadLetterQueue = await create(DEAD_LETTER_QUEUE, DEAD_LETTER_ATTRIBUTES);
  const queue = await create(QUEUE, queueAttributes(deadLetterQueue.arn));
  return {
    queue,
    deadLetterQueue,
    inside: {
      deadLetters: () => peek(client, deadLetterQueue.url),
      async size() {
        const asked = new GetQueueAttributesCommand({
          QueueUrl: queue.url,
          AttributeNames: ['ApproximateNumberOfMessages', 'ApproximateNumberOfMessagesNotVisible'],
        });
        const { Attributes } = counts.parse(await client.send(asked));
        return (
          Attributes.ApproximateNumberOfMessages + Attributes.ApproximateNumberOfMessagesNotVisible
        );
      },
    },
  };
}

/** The messages of a queue, which are visible again afterwards. */
async function peek(client: SQSClient, QueueUrl: string): ReturnType<StageQueue['deadLetters']> {
  const asked = new ReceiveMessageCommand({
    QueueUrl,
    MaxNumberOfMessages: 10,
    MessageAttributeNames: ['All'],
  });
  const { Messages } = received.parse(await client.send(asked));
  for (const { ReceiptHandle } of Messages) {
    await client.send(
      new ChangeMessageVisibilityCommand({ QueueUrl, ReceiptHandle, VisibilityTimeout: 0 }),
    );
  }
  return Messages.map(({ Body, MessageAttributes }) => ({
    body: Body,
    reason: MessageAttributes.reason?.StringValue,
  }));
}

/**
 * Waits for messages here: a receive that waits at moto goes by the groups that were in flight when
 * it began, spins while one of them has a message, and outlives its connection.
 */
export function waitsHere(client: SQSClient): SQSClient {
  client.middlewareStack.add(
    (next) => async (args) => {
      const asked = z.object({ WaitTimeSeconds: z.number() }).safeParse(args.input);
      const waitMs = asked.success ? asked.data.WaitTimeSeconds * 1000 : 0;
      const until = systemClock.now() + waitMs;
      const input = { ...args.input, ...(waitMs > 0 && { WaitTimeSeconds: 0 }) };
      for (;;) {
        const result = await next({ ...args, input });
        const isEmpty = received.safeParse(result.output).data?.Messages.length === 0;
        if (!isEmpty || systemClock.now() > until) return result;
        await sleep(systemClock, POLL_MS);
      }
    },
    { step: 'initialize', name: 'waitsHere' },
  );
  return client;
}
