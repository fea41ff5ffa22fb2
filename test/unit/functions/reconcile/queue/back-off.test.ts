import { SQSClient } from '@aws-sdk/client-sqs';
import { describe, expect, it } from 'vitest';
import { backOff, delaySeconds } from '../../../../../functions/reconcile/queue/back-off.ts';
import type { Envelope } from '../../../../../functions/reconcile/queue/records.ts';
import { virtualClock } from '../../../../../sandbox/clock.ts';
import { recordedTelemetry } from '../../../../support/telemetry.ts';
import { envelope } from '../../records.ts';

/** What `Math.random` gives at most and at least. */
const most = () => 1 - Number.EPSILON;
const least = () => 0;

describe('the delay before a failed message is received again', () => {
  it('doubles from one second to sixty', () => {
    const delays = [1, 2, 3, 4, 5, 6, 7, 8, 100].map((receives) => delaySeconds(receives, least));
    expect(delays).toEqual([1, 2, 4, 8, 16, 32, 60, 60, 60]);
  });

  it('is shortened by a fifth at most, and never to nothing', () => {
    const delays = [1, 2, 3, 4, 5, 6, 7, 8, 100].map((receives) => delaySeconds(receives, most));
    expect(delays).toEqual([1, 2, 3, 6, 13, 26, 48, 48, 48]);
  });

  it('is a whole number of seconds, as SQS takes it', () => {
    for (let receives = 1; receives < 20; receives += 1) {
      expect(delaySeconds(receives, () => 0.37)).toSatisfy(Number.isInteger);
    }
  });

  it('lets 100 receives outlast an hour, however the dice fall', () => {
    const delays = Array.from({ length: 99 }, (_, index) => delaySeconds(index + 1, most));
    expect(delays.reduce((sum, delay) => sum + delay)).toBeGreaterThan(3600);
  });
});

/** SQS answers each entry so, and is asked that. */
async function backOffWith(answer: object, envelopes: readonly Envelope[], seconds?: number) {
  const sent: unknown[] = [];
  const sqs = new SQSClient({ region: 'us-east-1' });
  sqs.middlewareStack.add(
    () =>
      async ({ input }) => {
        sent.push(input);
        return { output: { $metadata: {}, ...answer }, response: undefined };
      },
    { step: 'initialize' },
  );
  const telemetry = recordedTelemetry();
  const context = {
    sqs,
    queueUrl: 'https://queue',
    random: least,
    clock: virtualClock(),
    telemetry,
  };
  await backOff(context, envelopes, { node: 'a' }, seconds);
  sqs.destroy();
  return { sent, lines: telemetry.lines };
}

describe('the failed messages of a node', () => {
  it('come back at one and the same time, as the one tried least: news does not wait for what has failed for long', async () => {
    const done = { Successful: [{ Id: '0' }, { Id: '1' }] };
    const { sent, lines } = await backOffWith(done, [envelope('a', 1), envelope('b', 4)]);
    expect(sent).toEqual([
      {
        QueueUrl: 'https://queue',
        Entries: [
          { Id: '0', ReceiptHandle: 'receipt-a', VisibilityTimeout: 1 },
          { Id: '1', ReceiptHandle: 'receipt-b', VisibilityTimeout: 1 },
        ],
      },
    ]);
    expect(lines).toEqual([]);
  });

  it('come back within a minute, however long EC2 may have no calls for them', async () => {
    const { sent } = await backOffWith({ Successful: [{ Id: '0' }] }, [envelope('a')], 138);
    expect(sent).toMatchObject([{ Entries: [{ VisibilityTimeout: 60 }] }]);
  });

  it('are logged one by one if SQS does not do it, also if it says nothing of one', async () => {
    const Failed = [{ Id: '1', Code: 'InternalError', Message: 'no', SenderFault: false }];
    const answer = { Successful: [{ Id: '0' }], Failed };
    const { lines } = await backOffWith(answer, [envelope('a'), envelope('b'), envelope('c')]);
    expect(lines).toMatchObject([
      {
        level: 'warn',
        subject: { node: 'a' },
        detail: { messageId: 'message-b', code: 'InternalError', detail: 'no' },
      },
      { level: 'warn', detail: { messageId: 'message-c', code: 'NoAnswer' } },
    ]);
  });
});
