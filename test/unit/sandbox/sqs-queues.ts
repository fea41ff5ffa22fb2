import { randomUUID } from 'node:crypto';
import {
  ChangeMessageVisibilityCommand,
  CreateQueueCommand,
  DeleteMessageCommand,
  GetQueueAttributesCommand,
  type Message,
  type ReceiveMessageCommandInput,
  SendMessageCommand,
  type SendMessageCommandInput,
  type SendMessageCommandOutput,
  type SQSClient,
} from '@aws-sdk/client-sqs';
import { receiveFrom } from '../../support/queue.ts';

type Receive = Omit<Partial<ReceiveMessageCommandInput>, 'QueueUrl'>;

export interface TestQueue {
  readonly url: string;
  readonly arn: string;
  /** Sends to a group, under a new deduplication id unless `more` names one. */
  send(
    group: string,
    body: string,
    more?: Partial<SendMessageCommandInput>,
  ): Promise<SendMessageCommandOutput>;
  /** Receives up to ten messages with their system attributes. */
  receive(options?: Receive): Promise<Message[]>;
  /** Receives up to ten messages and gives their bodies. */
  bodies(options?: Receive): Promise<string[]>;
  delete(message: Message | undefined): Promise<void>;
  changeVisibility(message: Message | undefined, seconds: number): Promise<void>;
}

/** Short forms of what the rules do with queues of their own, whatever the endpoint. */
export interface Queues {
  readonly client: SQSClient;
  fifo(attributes?: Record<string, string>): Promise<TestQueue>;
  standard(attributes?: Record<string, string>): Promise<TestQueue>;
}

export function openQueues(client: SQSClient): Queues {
  const create = async (name: string, attributes: Record<string, string>): Promise<TestQueue> => {
    const { QueueUrl: url = '' } = await client.send(
      new CreateQueueCommand({ QueueName: name, Attributes: attributes }),
    );
    const described = await client.send(
      new GetQueueAttributesCommand({ QueueUrl: url, AttributeNames: ['QueueArn'] }),
    );
    return testQueue(client, url, described.Attributes?.QueueArn ?? '');
  };
  return {
    client,
    fifo: (attributes = {}) => create(`${randomUUID()}.fifo`, { FifoQueue: 'true', ...attributes }),
    standard: (attributes = {}) => create(randomUUID(), attributes),
  };
}

function testQueue(client: SQSClient, url: string, arn: string): TestQueue {
  const receive = (options?: Receive): Promise<Message[]> => receiveFrom(client, url, options);
  return {
    url,
    arn,
    receive,
    send: (group, body, more = {}) =>
      client.send(
        new SendMessageCommand({
          QueueUrl: url,
          MessageBody: body,
          MessageGroupId: group,
          MessageDeduplicationId: randomUUID(),
          ...more,
        }),
      ),
    bodies: async (options) => (await receive(options)).map((message) => message.Body ?? ''),
    async delete(message) {
      await client.send(
        new DeleteMessageCommand({ QueueUrl: url, ReceiptHandle: message?.ReceiptHandle }),
      );
    },
    async changeVisibility(message, seconds) {
      await client.send(
        new ChangeMessageVisibilityCommand({
          QueueUrl: url,
          ReceiptHandle: message?.ReceiptHandle,
          VisibilityTimeout: seconds,
        }),
      );
    },
  };
}
