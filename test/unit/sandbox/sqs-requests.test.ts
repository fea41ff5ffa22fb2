import { randomUUID } from 'node:crypto';
import {
  CreateQueueCommand,
  DeleteQueueCommand,
  GetQueueAttributesCommand,
  GetQueueUrlCommand,
  ListQueuesCommand,
  PurgeQueueCommand,
  SetQueueAttributesCommand,
} from '@aws-sdk/client-sqs';
import { expect } from 'vitest';
import { describeRules, refused } from './sqs-rules.ts';

describeRules('requests', [
  {
    rule: 'bodies and attributes of every type arrive, with their digests',
    clock: 'any',
    async holds(sqs) {
      const queue = await sqs.fifo();
      const MessageAttributes = {
        word: { DataType: 'String', StringValue: 'é' },
        count: { DataType: 'Number.int', StringValue: '3' },
        bytes: { DataType: 'Binary', BinaryValue: new Uint8Array([0, 255, 1]) },
      };
      const sent = await queue.send('a', 'é', { MessageAttributes });
      const [message] = await queue.receive();
      expect(message?.MessageAttributes).toEqual(MessageAttributes);
      expect(message?.MD5OfMessageAttributes).toBe(sent.MD5OfMessageAttributes);
      // Computed once by the documented algorithm, apart from the sandbox.
      expect(sent.MD5OfMessageAttributes).toBe('c733cbe02e1a922fcfccc9ec83986293');
    },
  },
  {
    rule: 'attributes come only if they are asked for',
    clock: 'any',
    async holds(sqs) {
      const queue = await sqs.fifo();
      const MessageAttributes = { word: { DataType: 'String', StringValue: 'x' } };
      await queue.send('a', '1', { MessageAttributes });
      const [message] = await queue.receive({
        MessageSystemAttributeNames: ['MessageGroupId'],
        MessageAttributeNames: [],
      });
      expect(message?.Attributes).toEqual({ MessageGroupId: 'a' });
      expect(message?.MessageAttributes).toBeUndefined();
    },
  },
  {
    rule: 'characters that XML does not have are refused',
    clock: 'any',
    moto: 'accepts them',
    async holds(sqs) {
      const queue = await sqs.fifo();
      await refused(queue.send('a', 'a\u0000b'), 'InvalidMessageContents');
    },
  },
  {
    rule: 'a queue that is not there is named as such',
    clock: 'any',
    async holds(sqs) {
      const absent = sqs.client.send(new GetQueueUrlCommand({ QueueName: 'absent.fifo' }));
      await refused(absent, 'QueueDoesNotExist');
      await expect(absent).rejects.toMatchObject({
        Error: { Code: 'AWS.SimpleQueueService.NonExistentQueue' },
      });
    },
  },
  {
    rule: 'a receive asks for 1 to 10 messages and waits 20 s at most',
    clock: 'any',
    async holds(sqs) {
      const queue = await sqs.fifo();
      await refused(queue.receive({ MaxNumberOfMessages: 11 }), 'InvalidParameterValue');
      await refused(queue.receive({ WaitTimeSeconds: 21 }), 'InvalidParameterValue');
    },
  },
  {
    rule: 'a queue is created once and found by name, prefix and attributes',
    clock: 'any',
    async holds(sqs) {
      const name = `${randomUUID()}.fifo`;
      const create = (attributes: Record<string, string>) =>
        sqs.client.send(
          new CreateQueueCommand({
            QueueName: name,
            Attributes: { FifoQueue: 'true', ...attributes },
          }),
        );
      const { QueueUrl } = await create({ VisibilityTimeout: '45' });
      expect((await create({ VisibilityTimeout: '45' })).QueueUrl).toBe(QueueUrl);
      await refused(create({ VisibilityTimeout: '46' }), 'QueueNameExists');
      const found = await sqs.client.send(new GetQueueUrlCommand({ QueueName: name }));
      expect(found.QueueUrl).toBe(QueueUrl);
      const listed = await sqs.client.send(new ListQueuesCommand({ QueueNamePrefix: name }));
      expect(listed.QueueUrls).toEqual([QueueUrl]);
    },
  },
  {
    rule: 'a FIFO queue has the suffix and a standard queue has no FIFO attributes',
    clock: 'any',
    moto: 'accepts the suffix on a standard queue',
    async holds(sqs) {
      const create = (QueueName: string, Attributes: Record<string, string>) =>
        sqs.client.send(new CreateQueueCommand({ QueueName, Attributes }));
      await refused(create(randomUUID(), { FifoQueue: 'true' }), 'InvalidParameterValue');
      await refused(create(`${randomUUID()}.fifo`, {}), 'InvalidParameterValue');
      await refused(
        create(randomUUID(), { ContentBasedDeduplication: 'true' }),
        'InvalidAttributeName',
      );
    },
  },
  {
    rule: 'attributes are set within their ranges and read with the defaults and counts',
    clock: 'any',
    moto: 'accepts values out of their ranges',
    async holds(sqs) {
      const queue = await sqs.fifo();
      const set = (Attributes: Record<string, string>) =>
        sqs.client.send(new SetQueueAttributesCommand({ QueueUrl: queue.url, Attributes }));
      await set({ VisibilityTimeout: '70' });
      await refused(set({ VisibilityTimeout: '43201' }), /^InvalidAttributeValue$/);
      await queue.send('a', '1');
      await queue.send('b', '2');
      await queue.receive({ MaxNumberOfMessages: 1 });
      const { Attributes } = await sqs.client.send(
        new GetQueueAttributesCommand({ QueueUrl: queue.url, AttributeNames: ['All'] }),
      );
      expect(Attributes).toMatchObject({
        FifoQueue: 'true',
        VisibilityTimeout: '70',
        DeduplicationScope: 'queue',
        ApproximateNumberOfMessages: '1',
        ApproximateNumberOfMessagesNotVisible: '1',
        ApproximateNumberOfMessagesDelayed: '0',
      });
    },
  },
  {
    rule: 'a purged queue is empty and can be purged again after 60 s',
    clock: 'virtual',
    async holds(sqs, pass) {
      const queue = await sqs.fifo();
      await queue.send('a', '1');
      const purge = () => sqs.client.send(new PurgeQueueCommand({ QueueUrl: queue.url }));
      await purge();
      expect(await queue.bodies()).toEqual([]);
      await refused(purge(), 'PurgeQueueInProgress');
      pass(60_000);
      await purge();
    },
  },
  {
    rule: 'a deleted queue is gone and its name is free again after 60 s',
    clock: 'virtual',
    async holds(sqs, pass) {
      const queue = await sqs.standard();
      const name = queue.url.split('/').at(-1);
      await sqs.client.send(new DeleteQueueCommand({ QueueUrl: queue.url }));
      await refused(queue.receive(), 'QueueDoesNotExist');
      const create = () => sqs.client.send(new CreateQueueCommand({ QueueName: name }));
      await refused(create(), 'QueueDeletedRecently');
      pass(60_000);
      await create();
    },
  },
]);

describeRules('a standard queue', [
  {
    rule: 'gives, hides and deletes messages one by one',
    clock: 'any',
    async holds(sqs) {
      const queue = await sqs.standard();
      for (const MessageBody of ['1', '2']) {
        await queue.send('a', MessageBody, { MessageDeduplicationId: undefined });
      }
      const [first] = await queue.receive({ MaxNumberOfMessages: 1 });
      const [second] = await queue.receive({ MaxNumberOfMessages: 1 });
      expect([first?.Body, second?.Body].toSorted()).toEqual(['1', '2']);
      await queue.delete(first);
      await queue.changeVisibility(second, 0);
      expect(await queue.bodies()).toEqual([second?.Body]);
    },
  },
  {
    rule: 'takes no deduplication id',
    clock: 'any',
    moto: 'accepts one',
    async holds(sqs) {
      const queue = await sqs.standard();
      await refused(queue.send('a', '1'), 'InvalidParameterValue');
    },
  },
]);
