import { expect } from 'vitest';
import { describeRules } from './sqs-rules.ts';

describeRules('message groups of a FIFO queue', [
  {
    rule: 'one receive gives several messages of a group, in the order of sending',
    clock: 'any',
    async holds(sqs) {
      const queue = await sqs.fifo();
      for (const body of ['1', '2', '3']) await queue.send('a', body);
      expect(await queue.bodies()).toEqual(['1', '2', '3']);
    },
  },
  {
    rule: 'a receive gives at most as many as it asks for, the oldest first',
    clock: 'any',
    async holds(sqs) {
      const queue = await sqs.fifo();
      for (const body of ['1', '2', '3']) await queue.send('a', body);
      expect(await queue.bodies({ MaxNumberOfMessages: 2 })).toEqual(['1', '2']);
    },
  },
  {
    rule: 'a receive takes all it can of one group before it takes of the next',
    clock: 'any',
    moto: 'goes by the order of sending alone',
    async holds(sqs) {
      const queue = await sqs.fifo();
      for (const body of ['a1', 'b1', 'a2', 'b2']) await queue.send(body.charAt(0), body);
      expect(await queue.bodies({ MaxNumberOfMessages: 3 })).toEqual(['a1', 'a2', 'b1']);
    },
  },
  {
    rule: 'a group with a message in flight is blocked, also for what is sent later',
    clock: 'any',
    async holds(sqs) {
      const queue = await sqs.fifo();
      await queue.send('a', '1');
      await queue.send('a', '2');
      expect(await queue.bodies({ MaxNumberOfMessages: 1 })).toEqual(['1']);
      await queue.send('a', '3');
      expect(await queue.bodies()).toEqual([]);
    },
  },
  {
    rule: 'other groups go on while one is blocked',
    clock: 'any',
    async holds(sqs) {
      const queue = await sqs.fifo();
      await queue.send('a', 'a1');
      await queue.bodies();
      await queue.send('a', 'a2');
      await queue.send('b', 'b1');
      expect(await queue.bodies()).toEqual(['b1']);
    },
  },
  {
    rule: 'the group goes on once the message in flight is deleted',
    clock: 'any',
    async holds(sqs) {
      const queue = await sqs.fifo();
      await queue.send('a', '1');
      await queue.send('a', '2');
      const [first] = await queue.receive({ MaxNumberOfMessages: 1 });
      await queue.delete(first);
      expect(await queue.bodies()).toEqual(['2']);
    },
  },
  {
    rule: 'the group stays blocked while one of several messages in flight is not deleted',
    clock: 'any',
    async holds(sqs) {
      const queue = await sqs.fifo();
      await queue.send('a', '1');
      await queue.send('a', '2');
      const [first, second] = await queue.receive();
      await queue.delete(second);
      await queue.send('a', '3');
      expect(await queue.bodies()).toEqual([]);
      await queue.delete(first);
      expect(await queue.bodies()).toEqual(['3']);
    },
  },
  {
    rule: 'a message that is not in flight waits behind one of its group that still is',
    clock: 'any',
    async holds(sqs) {
      const queue = await sqs.fifo();
      await queue.send('a', '1');
      await queue.send('a', '2');
      const [first, second] = await queue.receive();
      await queue.changeVisibility(second, 0);
      expect(await queue.bodies()).toEqual([]);
      await queue.changeVisibility(first, 0);
      expect(await queue.bodies()).toEqual(['1', '2']);
    },
  },
  {
    rule: 'a message that comes back keeps its place in the group',
    clock: 'virtual',
    async holds(sqs, pass) {
      const queue = await sqs.fifo({ VisibilityTimeout: '30' });
      await queue.send('a', '1');
      await queue.send('a', '2');
      await queue.bodies({ MaxNumberOfMessages: 1 });
      pass(30_000);
      expect(await queue.bodies()).toEqual(['1', '2']);
    },
  },
  {
    rule: 'a message carries its group, deduplication id, sequence number and times',
    clock: 'virtual',
    async holds(sqs, pass) {
      const queue = await sqs.fifo({ VisibilityTimeout: '30' });
      const sent = await queue.send('a', '1', { MessageDeduplicationId: 'd' });
      pass(5_000);
      await queue.receive();
      pass(30_000);
      const [message] = await queue.receive();
      expect(message?.Attributes).toMatchObject({
        MessageGroupId: 'a',
        MessageDeduplicationId: 'd',
        SequenceNumber: sent.SequenceNumber,
        ApproximateReceiveCount: '2',
        SentTimestamp: String(Date.UTC(2026, 0, 1)),
        ApproximateFirstReceiveTimestamp: String(Date.UTC(2026, 0, 1, 0, 0, 5)),
      });
    },
  },
  {
    rule: 'a later message has the greater sequence number',
    clock: 'any',
    moto: 'makes up the number at random',
    async holds(sqs) {
      const queue = await sqs.fifo();
      const first = await queue.send('a', '1');
      const second = await queue.send('a', '2');
      expect(BigInt(second.SequenceNumber ?? 0)).toBeGreaterThan(BigInt(first.SequenceNumber ?? 0));
    },
  },
]);
