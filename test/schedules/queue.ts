import { DeleteMessageCommand } from '@aws-sdk/client-sqs';
import { expect } from 'vitest';
import { sqsEvent } from '../../sandbox/lambda/sqs-event.ts';
import { nodeGroup } from '../../shared/messages/group.ts';
import { type Message, type NodeMessage, parseMessage } from '../../shared/messages/schema.ts';
import type { Bed } from '../support/bed.ts';
import { nodeMessage } from '../support/messages.ts';
import { receiveFrom, sendTo } from '../support/queue.ts';

/** More messages than any schedule brings about: then they bring about each other. */
const ENDLESS = 30;

/** A message that SQS handed out. */
export interface HandedOut {
  /** `none` for a heartbeat. */
  readonly node: string;
  /** What Lambda hands over to the function. */
  readonly event: unknown;
  /** Lambda deletes it. @throws if it is somebody else's by then. */
  remove(): Promise<void>;
}

/** The queue, of which the test takes the messages when it wants. */
export interface Queue {
  /** The event of one message that is not in the queue, as Lambda hands it over. */
  eventOf(node: string, message?: Partial<NodeMessage>, receives?: number): unknown;
  /** Sends a message about the node. */
  send(node: string, message?: Partial<NodeMessage>): Promise<void>;
  /** What Lambda's poller gets: a message that waits and is not held up by its group. */
  receive(): Promise<HandedOut | undefined>;
  /** The nodes and reasons of the messages that wait, heartbeats apart. */
  inWords(): string[];
  /** Hands over one message after the other, until there is none. */
  deliver(invoke: (node: string, event: unknown) => Promise<void>): Promise<void>;
}

export function createQueue({ world, sqs }: Bed): Queue {
  const { clock, queue } = world;
  const QueueUrl = queue.url;
  let made = 0;

  const bodyOf = (node: string, message?: Partial<NodeMessage>): NodeMessage =>
    nodeMessage({
      cluster: world.cluster.name,
      node,
      observedAt: new Date(clock.now()).toISOString(),
      ...message,
    });

  const receive: Queue['receive'] = async () => {
    const [message] = await receiveFrom(sqs, QueueUrl, { MaxNumberOfMessages: 1 });
    if (message === undefined) return undefined;
    const { ReceiptHandle, Body = '' } = message;
    const hint = read(Body);
    return {
      node: hint.reason === 'heartbeat' ? 'none' : hint.node,
      event: sqsEvent([message], queue.arn),
      async remove() {
        await sqs.send(new DeleteMessageCommand({ QueueUrl, ReceiptHandle }));
      },
    };
  };

  return {
    eventOf(node, message, receives = 1) {
      made += 1;
      const body = bodyOf(node, message);
      const attributes = {
        ApproximateReceiveCount: String(receives),
        MessageGroupId: nodeGroup(body.cluster, node),
      };
      const id = `message-${made}`;
      const record = { messageId: id, receiptHandle: id, body: JSON.stringify(body), attributes };
      return { Records: [record] };
    },
    async send(node, message) {
      const body = bodyOf(node, message);
      await sendTo(sqs, QueueUrl, nodeGroup(body.cluster, node), JSON.stringify(body));
    },
    receive,
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
        await invoke(next.node, next.event);
        await next.remove();
      }
    },
  };
}

function read(body: string): Message {
  const parsed = parseMessage(body);
  if (!parsed.ok) throw new Error(parsed.detail);
  return parsed.message;
}
