import {
  ChangeMessageVisibilityCommand,
  GetQueueUrlCommand,
  SendMessageCommand,
  type SQSClient,
} from '@aws-sdk/client-sqs';
import type { SQSEvent } from 'aws-lambda';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { virtualClock } from '../../../sandbox/clock.ts';
import {
  type EventSourceMapping,
  type EventSourceMappingOptions,
  type Invocation,
  startEventSourceMapping,
} from '../../../sandbox/lambda/event-source-mapping.ts';
import type { Handler } from '../../../sandbox/lambda/function.ts';
import { type SandboxSqs, startSqs } from '../../../sandbox/sqs/start.ts';
import { sqsClient } from './sqs-rules.ts';

const VISIBILITY_MS = 60_000;

describe('an event source mapping', () => {
  const clock = virtualClock();
  let sqs: SandboxSqs;
  let client: SQSClient;
  let queue: { readonly url: string; readonly arn: string };
  let mapping: EventSourceMapping | undefined;
  let invocations: Invocation[];

  beforeEach(async () => {
    sqs = await startSqs({ clock });
    client = sqsClient(sqs.endpoint);
    const deadLetters = sqs.createQueue('dead.fifo');
    queue = sqs.createQueue('nodes.fifo', {
      VisibilityTimeout: String(VISIBILITY_MS / 1000),
      RedrivePolicy: JSON.stringify({ deadLetterTargetArn: deadLetters.arn, maxReceiveCount: 3 }),
    });
    invocations = [];
    mapping = undefined;
  });
  afterEach(async () => {
    await mapping?.stop();
    client.destroy();
    await sqs.stop();
  });

  const start = (
    handler: Handler<SQSEvent>,
    more: Partial<EventSourceMappingOptions> = {},
  ): void => {
    mapping = startEventSourceMapping({
      sqs: client,
      queueUrl: queue.url,
      queueArn: queue.arn,
      handler,
      timeoutMs: 30_000,
      clock,
      onInvocation: (invocation) => invocations.push(invocation),
      ...more,
    });
  };
  const send = async (group: string, ...bodies: string[]): Promise<void> => {
    for (const body of bodies) {
      await client.send(
        new SendMessageCommand({
          QueueUrl: queue.url,
          MessageBody: body,
          MessageGroupId: group,
          MessageDeduplicationId: crypto.randomUUID(),
        }),
      );
    }
  };
  const bodiesOf = (event: SQSEvent) => event.Records.map((record) => record.body);
  const inQueue = (name = 'nodes.fifo') => sqs.messages(name).map((message) => message.body);
  const invoked = (times: number) =>
    vi.waitFor(() => expect(invocations.length).toBe(times), { timeout: 5_000 });

  test('gives a function the records of SQS and deletes what succeeded', async () => {
    const events: SQSEvent[] = [];
    await client.send(
      new SendMessageCommand({
        QueueUrl: queue.url,
        MessageBody: 'hello',
        MessageGroupId: 'demo/worker-1',
        MessageDeduplicationId: 'once',
        MessageAttributes: {
          word: { DataType: 'String', StringValue: 'x' },
          bytes: { DataType: 'Binary', BinaryValue: new Uint8Array([1, 2]) },
        },
      }),
    );
    start(async (event) => {
      events.push(event);
    });
    await invoked(1);
    const now = String(clock.now());
    expect(events).toEqual([
      {
        Records: [
          {
            messageId: expect.any(String),
            receiptHandle: expect.any(String),
            body: 'hello',
            attributes: {
              ApproximateReceiveCount: '1',
              SentTimestamp: now,
              SenderId: expect.any(String),
              ApproximateFirstReceiveTimestamp: now,
              SequenceNumber: expect.stringMatching(/^\d{20}$/),
              MessageGroupId: 'demo/worker-1',
              MessageDeduplicationId: 'once',
            },
            messageAttributes: {
              word: {
                stringValue: 'x',
                stringListValues: [],
                binaryListValues: [],
                dataType: 'String',
              },
              bytes: {
                binaryValue: 'AQI=',
                stringListValues: [],
                binaryListValues: [],
                dataType: 'Binary',
              },
            },
            md5OfMessageAttributes: expect.stringMatching(/^[0-9a-f]{32}$/),
            md5OfBody: '5d41402abc4b2a76b9719d911017c592',
            eventSource: 'aws:sqs',
            eventSourceARN: queue.arn,
            awsRegion: 'us-east-1',
          },
        ],
      },
    ]);
    expect(inQueue()).toEqual([]);
  });

  test('gives the handler a context with the time that is left', async () => {
    const seen: unknown[] = [];
    await send('a', '1');
    start(async (_event, context) => {
      seen.push(context.getRemainingTimeInMillis());
      clock.advance(10_000);
      seen.push(context.getRemainingTimeInMillis());
      seen.push(context.invokedFunctionArn.endsWith(`:function:${context.functionName}`));
    });
    await invoked(1);
    expect(seen).toEqual([30_000, 20_000, true]);
  });

  test('leaves the messages that are reported as failed, and only those', async () => {
    await send('a', '1', '2');
    await send('b', '3');
    start(async (event) => ({
      batchItemFailures: event.Records.filter((record) => record.body === '2').map((record) => ({
        itemIdentifier: record.messageId,
      })),
    }));
    await invoked(1);
    expect(inQueue()).toEqual(['2']);
    clock.advance(VISIBILITY_MS);
    await invoked(2);
    expect(invocations[1]?.event.Records[0]?.attributes.ApproximateReceiveCount).toBe('2');
  });

  test('leaves a failed message the visibility that the function gave it', async () => {
    await send('a', '1');
    start(async (event) => {
      for (const record of event.Records) {
        await client.send(
          new ChangeMessageVisibilityCommand({
            QueueUrl: queue.url,
            ReceiptHandle: record.receiptHandle,
            VisibilityTimeout: 2,
          }),
        );
      }
      return {
        batchItemFailures: event.Records.map(({ messageId }) => ({ itemIdentifier: messageId })),
      };
    });
    await invoked(1);
    clock.advance(2_000);
    await invoked(2);
  });

  const completeFailures: [string, Handler<SQSEvent>, string][] = [
    [
      'the handler throws',
      async () => {
        throw new Error('no');
      },
      'error',
    ],
    ['the answer is no object', async () => 'fine', 'invalid-response'],
    ['the failures are not a list', async () => ({ batchItemFailures: 'all' }), 'invalid-response'],
    [
      'an identifier is empty',
      async () => ({ batchItemFailures: [{ itemIdentifier: '' }] }),
      'invalid-response',
    ],
    [
      'an identifier is null',
      async () => ({ batchItemFailures: [{ itemIdentifier: null }] }),
      'invalid-response',
    ],
    [
      'an identifier has another name',
      async () => ({ batchItemFailures: [{ messageId: 'x' }] }),
      'invalid-response',
    ],
    [
      'an identifier is not in the batch',
      async () => ({ batchItemFailures: [{ itemIdentifier: 'x' }] }),
      'invalid-response',
    ],
  ];
  test.each(completeFailures)('deletes nothing where %s', async (_name, handler, kind) => {
    await send('a', '1');
    await send('b', '2');
    start(handler);
    await invoked(1);
    expect(invocations[0]?.outcome.kind).toBe(kind);
    expect(inQueue()).toEqual(['1', '2']);
  });

  const successes: [string, unknown][] = [
    ['null', null],
    ['an empty object', {}],
    ['null for failures', { batchItemFailures: null }],
    ['an empty list of failures', { batchItemFailures: [] }],
  ];
  test.each(successes)('takes %s for success', async (_name, answer) => {
    await send('a', '1');
    start(async () => answer);
    await invoked(1);
    expect(inQueue()).toEqual([]);
  });

  test('ignores the answer where partial failures are not reported', async () => {
    await send('a', '1');
    start(async () => ({ batchItemFailures: [{ itemIdentifier: 'x' }] }), {
      reportBatchItemFailures: false,
    });
    await invoked(1);
    expect(inQueue()).toEqual([]);
  });

  test('deletes nothing where the handler runs out of time', async () => {
    await send('a', '1');
    let begun = false;
    start(() => {
      begun = true;
      return new Promise(() => {});
    });
    await vi.waitFor(() => expect(begun).toBe(true));
    clock.advance(29_999);
    expect(invocations).toEqual([]);
    clock.advance(1);
    await invoked(1);
    expect(invocations[0]?.outcome).toMatchObject({
      kind: 'timeout',
      detail: expect.stringContaining('Task timed out after 30.00 seconds'),
    });
    expect(inQueue()).toEqual(['1']);
  });

  test('a message that always fails ends in the dead-letter queue', async () => {
    await send('a', 'bad');
    start(async () => {
      throw new Error('no');
    });
    for (const time of [1, 2, 3]) {
      await invoked(time);
      clock.advance(VISIBILITY_MS);
    }
    await vi.waitFor(() => expect(inQueue('dead.fifo')).toEqual(['bad']));
    expect(inQueue()).toEqual([]);
    expect(invocations).toHaveLength(3);
  });

  test('a message that came too late to be deleted is reported and comes back', async () => {
    await send('a', '1');
    let times = 0;
    start(
      async () => {
        times += 1;
        if (times === 1) clock.advance(VISIBILITY_MS);
      },
      { timeoutMs: 2 * VISIBILITY_MS },
    );
    await invoked(2);
    expect(invocations.flatMap(({ notDeleted }) => notDeleted)).toEqual([
      expect.stringContaining('The receipt handle has expired'),
    ]);
    expect(inQueue()).toEqual([]);
  });

  test('a group is in one invocation at a time and keeps its order, while others go on', async () => {
    const order: string[] = [];
    const release = new Map<string, () => void>();
    start(async (event) => {
      order.push(...bodiesOf(event));
      await new Promise<void>((resolve) => {
        for (const body of bodiesOf(event)) release.set(body, resolve);
      });
    });
    await send('a', 'a1');
    await vi.waitFor(() => expect(order).toEqual(['a1']));
    await send('a', 'a2', 'a3');
    await send('b', 'b1');
    await vi.waitFor(() => expect(order).toEqual(['a1', 'b1']));
    release.get('a1')?.();
    await vi.waitFor(() => expect(order).toEqual(['a1', 'b1', 'a2', 'a3']));
  });

  test('runs no more invocations at once than its maximum concurrency', async () => {
    const groups = ['a', 'b', 'c', 'd', 'e'];
    for (const group of groups) await send(group, group);
    let running = 0;
    let most = 0;
    start(
      async () => {
        running += 1;
        most = Math.max(most, running);
        // Long enough for a poller that did not keep to the bound to receive again.
        for (let call = 0; call < 5; call += 1) {
          await client.send(new GetQueueUrlCommand({ QueueName: 'nodes.fifo' }));
        }
        running -= 1;
      },
      { batchSize: 1, maximumConcurrency: 2 },
    );
    await invoked(groups.length);
    expect(most).toBe(2);
    expect(inQueue()).toEqual([]);
  });

  test('goes on polling after a receive that failed, and says why', async () => {
    const errors: unknown[] = [];
    sqs.faults.fail('ReceiveMessage', 1);
    start(async () => {}, { onPollError: (error) => errors.push(error) });
    await vi.waitFor(() => expect(errors).toHaveLength(1));
    await send('a', '1');
    clock.advance(1_000);
    await invoked(1);
    expect(inQueue()).toEqual([]);
  });

  test('stops while it waits for messages and while a handler runs', async () => {
    let begun = false;
    start(() => {
      begun = true;
      return new Promise(() => {});
    });
    await vi.waitFor(() => expect(sqs.waiting('nodes.fifo')).toBe(1));
    await send('a', '1');
    await vi.waitFor(() => expect(begun).toBe(true));
    await mapping?.stop();
    expect(invocations[0]?.outcome.kind).toBe('stopped');
    await vi.waitFor(() => expect(sqs.waiting('nodes.fifo')).toBe(0));
  });
});
