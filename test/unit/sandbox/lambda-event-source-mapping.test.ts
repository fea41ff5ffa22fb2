import { ChangeMessageVisibilityCommand, SendMessageCommand } from '@aws-sdk/client-sqs';
import type { SQSEvent } from 'aws-lambda';
import { describe, expect, test, vi } from 'vitest';
import type { Handler } from '../../../sandbox/lambda/function.ts';
import { mappingBed, VISIBILITY_MS } from './mapping-bed.ts';

describe('an event source mapping', () => {
  const bed = mappingBed();
  const { clock, start, send, inQueue, invoked } = bed;

  test('gives a function the records of SQS and deletes what succeeded', async () => {
    const events: SQSEvent[] = [];
    await bed.client().send(
      new SendMessageCommand({
        QueueUrl: bed.queue().url,
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
            eventSourceARN: bed.queue().arn,
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
    expect(bed.invocations()[1]?.event.Records[0]?.attributes.ApproximateReceiveCount).toBe('2');
  });

  test('leaves a failed message the visibility that the function gave it', async () => {
    await send('a', '1');
    start(async (event) => {
      for (const record of event.Records) {
        await bed.client().send(
          new ChangeMessageVisibilityCommand({
            QueueUrl: bed.queue().url,
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
  test.each(completeFailures)('deletes nothing if %s', async (_name, handler, kind) => {
    await send('a', '1');
    await send('b', '2');
    start(handler);
    await invoked(1);
    expect(bed.invocations()[0]?.outcome.kind).toBe(kind);
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

  test('ignores the answer if partial failures are not reported', async () => {
    await send('a', '1');
    start(async () => ({ batchItemFailures: [{ itemIdentifier: 'x' }] }), {
      reportBatchItemFailures: false,
    });
    await invoked(1);
    expect(inQueue()).toEqual([]);
  });

  test('deletes nothing if the handler runs out of time', async () => {
    await send('a', '1');
    let begun = false;
    start(() => {
      begun = true;
      return new Promise(() => {});
    });
    await vi.waitFor(() => expect(begun).toBe(true));
    clock.advance(29_999);
    expect(bed.invocations()).toEqual([]);
    clock.advance(1);
    await invoked(1);
    expect(bed.invocations()[0]?.outcome).toMatchObject({
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
    expect(bed.invocations()).toHaveLength(3);
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
    expect(bed.invocations().flatMap(({ notDeleted }) => notDeleted)).toEqual([
      expect.stringContaining('The receipt handle has expired'),
    ]);
    expect(inQueue()).toEqual([]);
  });
});
