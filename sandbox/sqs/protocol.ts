import * as z from 'zod';
import { assertBatchBytes, type BatchResult, runBatch } from './batch.ts';
import { fifoIds } from './deduplication.ts';
import { missing, SqsError } from './errors.ts';
import { md5OfAttributes, md5OfBody, type Outgoing } from './message.ts';
import { received } from './received.ts';
import type { Service } from './service.ts';

/** What an operation works with besides its input. */
export interface Call {
  readonly service: Service;
  urlOf(queueName: string): string;
  /** Aborted when the caller is gone. */
  readonly signal: AbortSignal;
}

type Operation = (input: unknown, call: Call) => unknown;

const queueName = z.string().transform((url) => url.split('/').at(-1) ?? '');
const names = z.array(z.string()).default([]);
const attributes = z.record(z.string(), z.string()).default({});
const messageAttribute = z.object({
  DataType: z.string(),
  StringValue: z.string().optional(),
  BinaryValue: z.string().optional(),
});
const message = z.object({
  MessageBody: z.string(),
  MessageAttributes: z.record(z.string(), messageAttribute).default({}),
  MessageGroupId: z.string().optional(),
  MessageDeduplicationId: z.string().optional(),
  DelaySeconds: z.number().optional(),
});
const onQueue = z.object({ QueueUrl: queueName });
const receipt = z.object({ ReceiptHandle: z.string() });
const visibility = receipt.extend({ VisibilityTimeout: z.number() });
const batchOf = <S extends z.ZodRawShape>(entry: z.ZodObject<S>) =>
  onQueue.extend({ Entries: z.array(entry.extend({ Id: z.string() })) });

/** The operations of the API that are spoken, by name. */
export const OPERATIONS: ReadonlyMap<string, Operation> = new Map(
  Object.entries<Operation>({
    CreateQueue: operation(
      z.object({ QueueName: z.string(), Attributes: attributes }),
      (input, { service, urlOf }) => ({
        QueueUrl: urlOf(service.create(input.QueueName, input.Attributes).name),
      }),
    ),
    GetQueueUrl: operation(z.object({ QueueName: z.string() }), (input, { service, urlOf }) => ({
      QueueUrl: urlOf(service.queue(input.QueueName).name),
    })),
    ListQueues: operation(
      z.object({ QueueNamePrefix: z.string().default('') }),
      (input, { service, urlOf }) => ({
        QueueUrls: service
          .queues()
          .map((queue) => queue.name)
          .filter((name) => name.startsWith(input.QueueNamePrefix))
          .map(urlOf),
      }),
    ),
    GetQueueAttributes: operation(onQueue.extend({ AttributeNames: names }), getAttributes),
    SetQueueAttributes: operation(
      onQueue.extend({ Attributes: attributes }),
      (input, { service }) => service.setAttributes(input.QueueUrl, input.Attributes),
    ),
    DeleteQueue: operation(onQueue, (input, { service }) => service.delete(input.QueueUrl)),
    PurgeQueue: operation(onQueue, (input, { service }) => service.purge(input.QueueUrl)),
    SendMessage: operation(onQueue.extend(message.shape), (input, { service }) =>
      send(service, input.QueueUrl, input),
    ),
    SendMessageBatch: operation(batchOf(message), sendBatch),
    ReceiveMessage: operation(
      onQueue.extend({
        MaxNumberOfMessages: z.number().default(1),
        VisibilityTimeout: z.number().optional(),
        WaitTimeSeconds: z.number().optional(),
        ReceiveRequestAttemptId: z.string().optional(),
        AttributeNames: names,
        MessageSystemAttributeNames: names,
        MessageAttributeNames: names,
      }),
      receive,
    ),
    DeleteMessage: operation(onQueue.extend(receipt.shape), (input, { service }) =>
      service.remove(input.QueueUrl, input.ReceiptHandle),
    ),
    DeleteMessageBatch: operation(batchOf(receipt), (input, { service }) =>
      onEach(service, input, (entry) => service.remove(input.QueueUrl, entry.ReceiptHandle)),
    ),
    ChangeMessageVisibility: operation(onQueue.extend(visibility.shape), (input, { service }) =>
      service.changeVisibility(input.QueueUrl, input.ReceiptHandle, input.VisibilityTimeout),
    ),
    ChangeMessageVisibilityBatch: operation(batchOf(visibility), (input, { service }) =>
      onEach(service, input, (entry) =>
        service.changeVisibility(input.QueueUrl, entry.ReceiptHandle, entry.VisibilityTimeout),
      ),
    ),
    StartMessageMoveTask: operation(
      z.object({ SourceArn: z.string(), DestinationArn: z.string().optional() }),
      (input, { service }) => ({
        TaskHandle: service.startMoveTask(input.SourceArn, input.DestinationArn).TaskHandle,
      }),
    ),
    ListMessageMoveTasks: operation(
      z.object({ SourceArn: z.string(), MaxResults: z.number().default(1) }),
      (input, { service }) => ({
        Results: service.moveTasks(input.SourceArn).slice(0, input.MaxResults),
      }),
    ),
  }),
);

function operation<S extends z.ZodType>(
  schema: S,
  run: (input: z.output<S>, call: Call) => unknown,
): Operation {
  return (input, call) => {
    const parsed = schema.safeParse(input);
    if (parsed.success) return run(parsed.data, call);
    const issue = parsed.error.issues[0];
    const where = issue?.path.join('.') ?? 'request';
    if (issue?.code === 'invalid_type' && issue.message.endsWith('received undefined')) {
      throw missing(where);
    }
    throw new SqsError('InvalidParameterValue', `${where}: ${issue?.message}`);
  };
}

function getAttributes(
  input: { readonly QueueUrl: string; readonly AttributeNames: readonly string[] },
  { service }: Call,
): unknown {
  const wanted = input.AttributeNames;
  const entries = Object.entries(service.attributes(input.QueueUrl)).filter(
    ([name]) => wanted.includes('All') || wanted.includes(name),
  );
  return { Attributes: entries.length === 0 ? undefined : Object.fromEntries(entries) };
}

function outgoing(input: z.output<typeof message>): Outgoing {
  return {
    body: input.MessageBody,
    attributes: input.MessageAttributes,
    groupId: input.MessageGroupId,
    deduplicationId: input.MessageDeduplicationId,
    delaySeconds: input.DelaySeconds,
  };
}

function send(service: Service, queue: string, input: z.output<typeof message>) {
  const sent = service.send(queue, outgoing(input));
  return {
    MessageId: sent.messageId,
    SequenceNumber: sent.sequenceNumber,
    MD5OfMessageBody: md5OfBody(input.MessageBody),
    MD5OfMessageAttributes: md5OfAttributes(input.MessageAttributes),
  };
}

function sendBatch(
  input: { readonly QueueUrl: string; readonly Entries: readonly BatchMessage[] },
  { service }: Call,
): BatchResult<object> {
  const settings = service.queue(input.QueueUrl).settings();
  assertBatchBytes(input.Entries);
  // An entry without a group or deduplication id fails the whole request.
  if (settings.fifo) for (const entry of input.Entries) fifoIds(outgoing(entry), settings);
  return runBatch(input.Entries, (entry) => send(service, input.QueueUrl, entry));
}

type BatchMessage = z.output<typeof message> & { readonly Id: string };

function onEach<E extends { readonly Id: string }>(
  service: Service,
  input: { readonly QueueUrl: string; readonly Entries: readonly E[] },
  run: (entry: E) => void,
): BatchResult<object> {
  service.queue(input.QueueUrl);
  return runBatch(input.Entries, (entry) => {
    run(entry);
    return {};
  });
}

async function receive(
  input: {
    readonly QueueUrl: string;
    readonly MaxNumberOfMessages: number;
    readonly VisibilityTimeout?: number | undefined;
    readonly WaitTimeSeconds?: number | undefined;
    readonly ReceiveRequestAttemptId?: string | undefined;
    readonly AttributeNames: readonly string[];
    readonly MessageSystemAttributeNames: readonly string[];
    readonly MessageAttributeNames: readonly string[];
  },
  { service, signal }: Call,
): Promise<unknown> {
  const messages = await service.receive(
    input.QueueUrl,
    {
      max: input.MaxNumberOfMessages,
      visibilitySeconds: input.VisibilityTimeout,
      waitSeconds: input.WaitTimeSeconds,
      attemptId: input.ReceiveRequestAttemptId,
    },
    signal,
  );
  // `AttributeNames` is the older name of `MessageSystemAttributeNames`.
  const system = [...input.AttributeNames, ...input.MessageSystemAttributeNames];
  const answers = messages.map((each) => received(each, system, input.MessageAttributeNames));
  return { Messages: answers.length === 0 ? undefined : answers };
}
