import { expect } from 'vitest';
import { describeRules, refused } from './sqs-rules.ts';

describeRules('visibility and receipt handles of a FIFO queue', [
  {
    rule: 'a received message is invisible until the visibility timeout is over',
    clock: 'virtual',
    async holds(sqs, pass) {
      const queue = await sqs.fifo({ VisibilityTimeout: '60' });
      await queue.send('a', '1');
      await queue.bodies();
      pass(59_999);
      expect(await queue.bodies()).toEqual([]);
      pass(1);
      expect(await queue.bodies()).toEqual(['1']);
    },
  },
  {
    rule: 'a receive may set its own visibility timeout',
    clock: 'virtual',
    async holds(sqs, pass) {
      const queue = await sqs.fifo({ VisibilityTimeout: '60' });
      await queue.send('a', '1');
      await queue.bodies({ VisibilityTimeout: 5 });
      pass(5_000);
      expect(await queue.bodies()).toEqual(['1']);
    },
  },
  {
    rule: 'a changed visibility counts from the change',
    clock: 'virtual',
    async holds(sqs, pass) {
      const queue = await sqs.fifo({ VisibilityTimeout: '60' });
      await queue.send('a', '1');
      const [message] = await queue.receive();
      pass(50_000);
      await queue.changeVisibility(message, 20);
      pass(19_999);
      expect(await queue.bodies()).toEqual([]);
      pass(1);
      expect(await queue.bodies()).toEqual(['1']);
    },
  },
  {
    rule: 'a visibility of 0 brings the message back at once and counts as a receive',
    clock: 'any',
    async holds(sqs) {
      const queue = await sqs.fifo();
      await queue.send('a', '1');
      const [first] = await queue.receive();
      await queue.changeVisibility(first, 0);
      const [again] = await queue.receive();
      expect(again?.MessageId).toBe(first?.MessageId);
      expect(again?.Attributes?.ApproximateReceiveCount).toBe('2');
    },
  },
  {
    rule: 'an expired receipt handle does not delete',
    clock: 'virtual',
    async holds(sqs, pass) {
      const queue = await sqs.fifo({ VisibilityTimeout: '30' });
      await queue.send('a', '1');
      const [message] = await queue.receive();
      pass(30_000);
      await refused(queue.delete(message), 'InvalidParameterValue');
      expect(await queue.bodies()).toEqual(['1']);
    },
  },
  {
    rule: 'the receipt handle of an earlier receive does not delete',
    clock: 'virtual',
    async holds(sqs, pass) {
      const queue = await sqs.fifo({ VisibilityTimeout: '30' });
      await queue.send('a', '1');
      const [earlier] = await queue.receive();
      pass(30_000);
      await queue.receive();
      await refused(queue.delete(earlier), 'InvalidParameterValue');
    },
  },
  {
    rule: 'an expired receipt handle does not change the visibility',
    clock: 'virtual',
    async holds(sqs, pass) {
      const queue = await sqs.fifo({ VisibilityTimeout: '30' });
      await queue.send('a', '1');
      const [message] = await queue.receive();
      pass(30_000);
      await refused(queue.changeVisibility(message, 60), 'InvalidParameterValue');
      expect(await queue.bodies()).toEqual(['1']);
    },
  },
  {
    rule: 'deleting twice is no error',
    clock: 'any',
    async holds(sqs) {
      const queue = await sqs.fifo();
      await queue.send('a', '1');
      const [message] = await queue.receive();
      await queue.delete(message);
      await queue.delete(message);
    },
  },
  {
    rule: 'a receipt handle that was never issued is invalid',
    clock: 'any',
    async holds(sqs) {
      const queue = await sqs.fifo();
      const invented = { ReceiptHandle: 'invented' };
      await refused(queue.delete(invented), 'ReceiptHandleIsInvalid');
      await refused(queue.changeVisibility(invented, 1), 'ReceiptHandleIsInvalid');
    },
  },
  {
    rule: 'a message can be kept in flight for at most twelve hours',
    clock: 'virtual',
    async holds(sqs, pass) {
      const queue = await sqs.fifo({ VisibilityTimeout: '30' });
      await queue.send('a', '1');
      const [message] = await queue.receive();
      pass(10_000);
      await refused(queue.changeVisibility(message, 43_200), 'InvalidParameterValue');
      await refused(queue.changeVisibility(message, 43_201), 'InvalidParameterValue');
      await queue.changeVisibility(message, 43_190);
    },
  },
  {
    rule: 'a receive repeated under its attempt id gets the same messages and handles',
    clock: 'any',
    moto: 'knows no attempt ids',
    async holds(sqs) {
      const queue = await sqs.fifo();
      await queue.send('a', '1');
      await queue.send('b', '2');
      const attempt = { ReceiveRequestAttemptId: 'attempt' };
      const first = await queue.receive(attempt);
      expect(first).toHaveLength(2);
      expect(await queue.receive(attempt)).toEqual(first);
      expect(await queue.receive()).toEqual([]);
    },
  },
  {
    rule: 'a repeated attempt starts the visibility timeout again',
    clock: 'virtual',
    async holds(sqs, pass) {
      const queue = await sqs.fifo({ VisibilityTimeout: '30' });
      await queue.send('a', '1');
      const attempt = { ReceiveRequestAttemptId: 'attempt' };
      await queue.receive(attempt);
      pass(20_000);
      await queue.receive(attempt);
      pass(29_999);
      expect(await queue.bodies()).toEqual([]);
      pass(1);
      expect(await queue.bodies()).toEqual(['1']);
    },
  },
  {
    rule: 'an attempt id is of no use once one of its messages was deleted',
    clock: 'any',
    async holds(sqs) {
      const queue = await sqs.fifo();
      await queue.send('a', '1');
      await queue.send('a', '2');
      const attempt = { ReceiveRequestAttemptId: 'attempt' };
      const [first] = await queue.receive(attempt);
      await queue.delete(first);
      expect(await queue.receive(attempt)).toEqual([]);
    },
  },
  {
    rule: 'a message that is sent while a receive waits ends the wait',
    clock: 'any',
    async holds(sqs) {
      const queue = await sqs.fifo();
      const waiting = queue.bodies({ WaitTimeSeconds: 20 });
      await queue.send('a', '1');
      expect(await waiting).toEqual(['1']);
    },
  },
  {
    rule: "a queue's delay hides new messages for its length",
    clock: 'virtual',
    async holds(sqs, pass) {
      const queue = await sqs.fifo({ DelaySeconds: '10' });
      await queue.send('a', '1');
      pass(9_999);
      expect(await queue.bodies()).toEqual([]);
      pass(1);
      expect(await queue.bodies()).toEqual(['1']);
    },
  },
  {
    rule: 'a delay of one message is refused',
    clock: 'any',
    async holds(sqs) {
      const queue = await sqs.fifo();
      await refused(queue.send('a', '1', { DelaySeconds: 5 }), 'InvalidParameterValue');
    },
  },
  {
    rule: 'a message is gone after the retention period',
    clock: 'virtual',
    async holds(sqs, pass) {
      const queue = await sqs.fifo({ MessageRetentionPeriod: '60' });
      await queue.send('a', '1');
      pass(59_999);
      expect(await queue.bodies({ VisibilityTimeout: 0 })).toEqual(['1']);
      pass(1);
      expect(await queue.bodies()).toEqual([]);
    },
  },
]);
