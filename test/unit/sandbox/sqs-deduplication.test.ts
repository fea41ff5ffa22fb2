import { SendMessageCommand } from '@aws-sdk/client-sqs';
import { expect } from 'vitest';
import { describeRules, refused } from './sqs-rules.ts';

const PER_GROUP = {
  DeduplicationScope: 'messageGroup',
  FifoThroughputLimit: 'perMessageGroupId',
};
const same = { MessageDeduplicationId: 'same' };

describeRules('deduplication of a FIFO queue', [
  {
    rule: 'a repeated id is accepted, answered with the first message and not delivered',
    clock: 'any',
    moto: 'answers with another message id',
    async holds(sqs) {
      const queue = await sqs.fifo();
      const first = await queue.send('a', '1', same);
      const second = await queue.send('a', '2', same);
      expect(second.MessageId).toBe(first.MessageId);
      expect(await queue.bodies()).toEqual(['1']);
    },
  },
  {
    rule: 'an id stays used after its message was deleted',
    clock: 'any',
    moto: 'forgets the id with the message',
    async holds(sqs) {
      const queue = await sqs.fifo();
      await queue.send('a', '1', same);
      const [message] = await queue.receive();
      await queue.delete(message);
      await queue.send('a', '2', same);
      expect(await queue.bodies()).toEqual([]);
    },
  },
  {
    rule: 'an id is free again five minutes after its first use',
    clock: 'virtual',
    async holds(sqs, pass) {
      const queue = await sqs.fifo();
      await queue.send('a', '1', same);
      pass(4 * 60_000);
      await queue.send('a', '2', same);
      pass(59_999);
      await queue.send('a', '3', same);
      pass(1);
      await queue.send('a', '4', same);
      expect(await queue.bodies()).toEqual(['1', '4']);
    },
  },
  {
    rule: 'in the scope of the queue an id counts across groups',
    clock: 'any',
    async holds(sqs) {
      const queue = await sqs.fifo();
      await queue.send('a', 'a', same);
      await queue.send('b', 'b', same);
      expect(await queue.bodies()).toEqual(['a']);
    },
  },
  {
    rule: 'in the scope of the message group an id counts in its group only',
    clock: 'any',
    moto: 'knows the scope of the queue only',
    async holds(sqs) {
      const queue = await sqs.fifo(PER_GROUP);
      await queue.send('a', 'a', same);
      await queue.send('b', 'b', same);
      await queue.send('b', 'c', same);
      expect(await queue.bodies()).toEqual(['a', 'b']);
    },
  },
  {
    rule: 'an id per message group needs the scope of the message group',
    clock: 'any',
    moto: 'accepts it in the scope of the queue',
    async holds(sqs) {
      await refused(sqs.fifo({ FifoThroughputLimit: 'perMessageGroupId' }), /^Invalid/);
    },
  },
  {
    rule: 'with content-based deduplication the body makes the id',
    clock: 'any',
    async holds(sqs) {
      const queue = await sqs.fifo({ ContentBasedDeduplication: 'true' });
      await queue.send('a', '1', { MessageDeduplicationId: undefined });
      await queue.send('a', '1', { MessageDeduplicationId: undefined });
      await queue.send('a', '2', { MessageDeduplicationId: undefined });
      expect(await queue.bodies()).toEqual(['1', '2']);
    },
  },
  {
    rule: 'with content-based deduplication an explicit id still decides',
    clock: 'any',
    async holds(sqs) {
      const queue = await sqs.fifo({ ContentBasedDeduplication: 'true' });
      await queue.send('a', '1', { MessageDeduplicationId: 'x' });
      await queue.send('a', '1', { MessageDeduplicationId: 'y' });
      expect(await queue.bodies()).toEqual(['1', '1']);
    },
  },
  {
    rule: 'without it a message needs a deduplication id',
    clock: 'any',
    async holds(sqs) {
      const queue = await sqs.fifo();
      const send = queue.send('a', '1', { MessageDeduplicationId: undefined });
      await refused(send, 'InvalidParameterValue');
    },
  },
  {
    rule: 'a message needs a group',
    clock: 'any',
    async holds(sqs) {
      const queue = await sqs.fifo();
      const send = new SendMessageCommand({ QueueUrl: queue.url, MessageBody: '1', ...same });
      await refused(sqs.client.send(send), 'MissingParameter');
    },
  },
]);
