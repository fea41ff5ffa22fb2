import { DeleteMessageCommand, ReceiveMessageCommand } from '@aws-sdk/client-sqs';
import { expect } from 'vitest';
import type { BatchResponse } from '../../functions/reconcile/reconcile-batch.ts';
import { nodeGroup } from '../../shared/messages/group.ts';
import { type Message, type NodeMessage, parseMessage } from '../../shared/messages/schema.ts';
import type { Bed } from '../support/bed.ts';

/** More messages than any schedule brings about: then they bring about each other. */
const ENDLESS = 30;

/** The queue, of which the test takes the messages when it wants. */
export interface Queue {
  /** The event of one message that is not in the queue, as Lambda hands it over. */
  eventOf(node: string, message?: Partial<NodeMessage>, receives?: number): unknown;
  /** The nodes and reasons of the messages that wait, heartbeats apart. */
  inWords(): string[];
  /** Hands over one message after the other, until there is none, and expects each to be done. */
  deliver(invoke: (node: string, event: unknown) => Promise<BatchResponse>): Promise<void>;
}

export function createQueue({ world, sqs }: Bed): Queue {
  const { clock, queue } = world;
  const QueueUrl = queue.url;
  let made = 0;

  const receive = async () => {
    const { Messages: [message] = [] } = await sqs.send(
      new ReceiveMessageCommand({ QueueUrl, MessageSystemAttributeNames: ['All'] }),
    );
    if (message === undefined) return undefined;
    const { MessageId, ReceiptHandle, Body = '', Attributes } = message;
    const record = {
      messageId: MessageId,
      receiptHandle: ReceiptHandle,
      body: Body,
      attributes: Attributes,
    };
    return { ReceiptHandle, body: Body, event: { Records: [record] } };
  };

  return {
    eventOf(node, message, receives = 1) {
      made += 1;
      const body: NodeMessage = {
        version: 1,
        cluster: world.cluster.name,
        node,
        reason: 'resync',
        observedAt: new Date(clock.now()).toISOString(),
        pods: [],
        ...message,
      };
      const attributes = {
        ApproximateReceiveCount: String(receives),
        MessageGroupId: nodeGroup(body.cluster, node),
      };
      const messageId = `message-${made}`;
      const record = {
        messageId,
        receiptHandle: messageId,
        body: JSON.stringify(body),
        attributes,
      };
      return { Records: [record] };
    },
    inWords: () =>
      world.sqs
        .messages(queue.name)
        .map(({ body }) => read(body))
        .filter((message) => message.reason !== 'heartbeat')
        .map(({ node, reason }) => `${node} ${reason}`),
    async deliver(invoke) {
      let delivered = 0;
      for (let next = await receive(); next !== undefined; next = await receive()) {
        delivered += 1;
        expect(delivered, 'messages of a queue that does not empty').toBeLessThan(ENDLESS);
        const message = read(next.body);
        const node = message.reason === 'heartbeat' ? 'none' : message.node;
        expect(await invoke(node, next.event)).toEqual({ batchItemFailures: [] });
        await sqs.send(new DeleteMessageCommand({ QueueUrl, ReceiptHandle: next.ReceiptHandle }));
      }
    },
  };
}

function read(body: string): Message {
  const parsed = parseMessage(body);
  if (!parsed.ok) throw new Error(parsed.detail);
  return parsed.message;
}
