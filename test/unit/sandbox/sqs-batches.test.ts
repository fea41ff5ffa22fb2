import { randomUUID } from 'node:crypto';
import {
  ChangeMessageVisibilityBatchCommand,
  DeleteMessageBatchCommand,
  SendMessageBatchCommand,
  type SendMessageBatchRequestEntry,
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
