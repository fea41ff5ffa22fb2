import {
  ListMessageMoveTasksCommand,
  SetQueueAttributesCommand,
  StartMessageMoveTaskCommand,
} from '@aws-sdk/client-sqs';
import { expect } from 'vitest';
import type { Queues, TestQueue } from './sqs-queues.ts';
import { describeRules, refused } from './sqs-rules.ts';

/** A FIFO queue whose messages go to a dead-letter queue after `maxReceiveCount` receives. */
async function withDeadLetters(
  sqs: Queues,
  maxReceiveCount: number,
  attributes: Record<string, string> = {},
): Promise<{ queue: TestQueue; deadLetters: TestQueue }> {
  const deadLetters = await sqs.fifo();
  const policy = { deadLetterTargetArn: deadLetters.arn, maxReceiveCount };
  const queue = await sqs.fifo({ ...attributes, RedrivePolicy: JSON.stringify(policy) });
  return { queue, deadLetters };
}

/** Receives what is there and gives it back, `times` times. */
async function fail(queue: TestQueue, times: number): Promise<void> {
  for (let time = 0; time < times; time += 1) {
    for (const message of await queue.receive()) await queue.changeVisibility(message, 0);
  }
}

describeRules('the dead-letter queue of a FIFO queue', [
  {
    rule: 'a message is moved by the receive that would exceed maxReceiveCount, not before',
    clock: 'any',
    async holds(sqs) {
      const { queue, deadLetters } = await withDeadLetters(sqs, 2);
      await queue.send('a', '1');
      await fail(queue, 2);
      expect(await deadLetters.bodies()).toEqual([]);
      expect(await queue.bodies()).toEqual([]);
      expect(await deadLetters.bodies()).toEqual(['1']);
    },
  },
  {
    rule: 'a moved message keeps its id, group and deduplication id and names its source',
    clock: 'any',
    moto: 'does not name the source',
    async holds(sqs) {
      const { queue, deadLetters } = await withDeadLetters(sqs, 1);
      const sent = await queue.send('a', '1', { MessageDeduplicationId: 'd' });
      await fail(queue, 2);
      const [moved] = await deadLetters.receive();
      expect(moved?.MessageId).toBe(sent.MessageId);
      expect(moved?.Attributes).toMatchObject({
        MessageGroupId: 'a',
        MessageDeduplicationId: 'd',
        DeadLetterQueueSourceArn: queue.arn,
      });
    },
  },
  {
    rule: 'the messages of a group are moved in their order',
    clock: 'any',
    async holds(sqs) {
      const { queue, deadLetters } = await withDeadLetters(sqs, 1);
      for (const body of ['1', '2', '3']) await queue.send('a', body);
      await fail(queue, 2);
      expect(await deadLetters.bodies()).toEqual(['1', '2', '3']);
    },
  },
  {
    rule: 'what comes after a moved message in its group goes on',
    clock: 'any',
    async holds(sqs) {
      const { queue } = await withDeadLetters(sqs, 1);
      await queue.send('a', '1');
      await fail(queue, 1);
      await queue.send('a', '2');
      expect(await queue.bodies()).toEqual(['2']);
    },
  },
  {
    rule: 'the retention of a moved message begins anew',
    clock: 'virtual',
    async holds(sqs, pass) {
      const { queue, deadLetters } = await withDeadLetters(sqs, 1, { VisibilityTimeout: '60' });
      await sqs.client.send(
        new SetQueueAttributesCommand({
          QueueUrl: deadLetters.url,
          Attributes: { MessageRetentionPeriod: '60' },
        }),
      );
      await queue.send('a', '1');
      await queue.receive();
      pass(60_000);
      await queue.receive();
      pass(59_999);
      expect(await deadLetters.bodies()).toEqual(['1']);
    },
  },
  {
    rule: 'a move task sends messages back to where they came from, as new ones',
    clock: 'any',
    moto: 'has no move tasks',
    async holds(sqs) {
      const { queue, deadLetters } = await withDeadLetters(sqs, 1);
      const sent = await queue.send('a', '1');
      await fail(queue, 2);
      const source = { SourceArn: deadLetters.arn };
      await sqs.client.send(new StartMessageMoveTaskCommand(source));
      await expect
        .poll(async () => {
          const tasks = await sqs.client.send(new ListMessageMoveTasksCommand(source));
          return tasks.Results?.[0]?.Status;
        })
        .toBe('COMPLETED');
      const [back] = await queue.receive();
      expect(back?.Body).toBe('1');
      expect(back?.MessageId).not.toBe(sent.MessageId);
      expect(back?.Attributes?.ApproximateReceiveCount).toBe('1');
    },
  },
  {
    rule: 'a move task needs a queue that is a dead-letter queue',
    clock: 'any',
    moto: 'has no move tasks',
    async holds(sqs) {
      const queue = await sqs.fifo();
      const start = new StartMessageMoveTaskCommand({ SourceArn: queue.arn });
      await refused(sqs.client.send(start), /^(InvalidParameterValue|ResourceNotFoundException)$/);
    },
  },
  {
    rule: 'the dead-letter queue must exist and be a FIFO queue too',
    clock: 'any',
    moto: 'refuses it under another error name',
    async holds(sqs) {
      const { arn } = await sqs.standard();
      for (const target of [arn, `${arn}-absent.fifo`]) {
        const policy = { deadLetterTargetArn: target, maxReceiveCount: 1 };
        const create = sqs.fifo({ RedrivePolicy: JSON.stringify(policy) });
        await refused(create, /^(InvalidParameterValue|QueueDoesNotExist)$/);
      }
    },
  },
]);
