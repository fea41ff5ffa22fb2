import { randomUUID } from 'node:crypto';
import {
  ChangeMessageVisibilityBatchCommand,
  CreateQueueCommand,
  DeleteMessageBatchCommand,
  DeleteQueueCommand,
  GetQueueAttributesCommand,
  GetQueueUrlCommand,
  ListQueuesCommand,
  PurgeQueueCommand,
  SendMessageBatchCommand,
  type SendMessageBatchRequestEntry,
  SetQueueAttributesCommand,
} from '@aws-sdk/client-sqs';
import { expect } from 'vitest';
import { describeRules, refused } from './sqs-rules.ts';

const LIMIT = 1_048_576;

function entry(id: string, body: string, group = 'a'): SendMessageBatchRequestEntry {
  return {
    Id: id,
    MessageBody: body,
    MessageGroupId: group,
    MessageDeduplicationId: randomUUID(),
  };
}

describeRules('sizes and batches', [
  {
    rule: 'a message of the full size limit is taken and one byte more is refused',
    clock: 'any',
    async holds(sqs) {
      const queue = await sqs.fifo();
      await queue.send('a', 'x'.repeat(LIMIT));
      await refused(queue.send('a', 'x'.repeat(LIMIT + 1)), 'InvalidParameterValue');
    },
  },
  {
    rule: 'names, types and values of message attributes count towards the size',
    clock: 'any',
    moto: 'counts the body only',
    async holds(sqs) {
      const queue = await sqs.fifo({ MaximumMessageSize: '1024' });
      const attributes = { MessageAttributes: { ab: { DataType: 'String', StringValue: 'cd' } } };
      await queue.send('a', 'x'.repeat(1014), attributes);
      await refused(queue.send('a', 'x'.repeat(1015), attributes), 'InvalidParameterValue');
    },
  },
  {
    rule: 'bytes count, not characters',
    clock: 'any',
    moto: 'counts characters',
    async holds(sqs) {
      const queue = await sqs.fifo({ MaximumMessageSize: '1024' });
      await refused(queue.send('a', 'ä'.repeat(513)), 'InvalidParameterValue');
    },
  },
  {
    rule: 'a batch keeps its order',
    clock: 'any',
    async holds(sqs) {
      const queue = await sqs.fifo();
      const ids = ['0', '1', '2', '3', '4', '5', '6', '7', '8', '9'];
      const Entries = ids.map((id) => entry(id, id));
      await sqs.client.send(new SendMessageBatchCommand({ QueueUrl: queue.url, Entries }));
      expect(await queue.bodies()).toEqual(ids);
    },
  },
  {
    rule: 'an entry that is refused costs that entry only',
    clock: 'any',
    moto: 'refuses the whole batch',
    async holds(sqs) {
      const queue = await sqs.fifo({ MaximumMessageSize: '1024' });
      const Entries = [entry('big', 'x'.repeat(1025)), entry('small', '1')];
      const answer = await sqs.client.send(
        new SendMessageBatchCommand({ QueueUrl: queue.url, Entries }),
      );
      expect(answer.Successful?.map(({ Id }) => Id)).toEqual(['small']);
      expect(answer.Failed).toMatchObject([
        { Id: 'big', Code: 'InvalidParameterValue', SenderFault: true },
      ]);
    },
  },
  {
    rule: 'the messages of a batch together stay under the limit',
    clock: 'any',
    async holds(sqs) {
      const queue = await sqs.fifo();
      const Entries = [entry('1', 'x'.repeat(LIMIT / 2)), entry('2', 'x'.repeat(LIMIT / 2 + 1))];
      const send = sqs.client.send(new SendMessageBatchCommand({ QueueUrl: queue.url, Entries }));
      await refused(send, 'BatchRequestTooLong');
      expect(await queue.bodies()).toEqual([]);
    },
  },
  {
    rule: 'a batch has 1 to 10 entries with distinct, well-formed ids',
    clock: 'any',
    async holds(sqs) {
      const queue = await sqs.fifo();
      const send = (Entries: SendMessageBatchRequestEntry[]) =>
        sqs.client.send(new SendMessageBatchCommand({ QueueUrl: queue.url, Entries }));
      const eleven = [...'abcdefghijk'].map((id) => entry(id, id));
      await refused(send([]), 'EmptyBatchRequest');
      await refused(send(eleven), 'TooManyEntriesInBatchRequest');
      await refused(send([entry('a', '1'), entry('a', '2')]), 'BatchEntryIdsNotDistinct');
      await refused(send([entry('a.b', '1')]), 'InvalidBatchEntryId');
    },
  },
  {
    rule: 'an entry without a group fails the whole batch',
    clock: 'any',
    async holds(sqs) {
      const queue = await sqs.fifo();
      const Entries = [entry('1', '1'), { Id: '2', MessageBody: '2' }];
      const send = sqs.client.send(new SendMessageBatchCommand({ QueueUrl: queue.url, Entries }));
      await refused(send, 'MissingParameter');
      expect(await queue.bodies()).toEqual([]);
    },
  },
  {
    rule: 'deletes and visibilities go in batches, each entry by itself',
    clock: 'any',
    async holds(sqs) {
      const queue = await sqs.fifo();
      await queue.send('a', '1');
      await queue.send('b', '2');
      const [first, second] = await queue.receive();
      const deleted = await sqs.client.send(
        new DeleteMessageBatchCommand({
          QueueUrl: queue.url,
          Entries: [
            { Id: 'first', ReceiptHandle: first?.ReceiptHandle },
            { Id: 'invented', ReceiptHandle: 'invented' },
          ],
        }),
      );
      expect(deleted.Successful).toEqual([{ Id: 'first' }]);
      expect(deleted.Failed).toMatchObject([{ Id: 'invented', Code: 'ReceiptHandleIsInvalid' }]);
      await sqs.client.send(
        new ChangeMessageVisibilityBatchCommand({
          QueueUrl: queue.url,
          Entries: [{ Id: 'second', ReceiptHandle: second?.ReceiptHandle, VisibilityTimeout: 0 }],
        }),
      );
      expect(await queue.bodies()).toEqual(['2']);
    },
  },
]);

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
    rule: 'attributes come only where they are asked for',
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
