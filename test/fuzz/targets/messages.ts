import fc from 'fast-check';
import * as z from 'zod';
import { type Received, readBatch } from '../../../functions/reconcile/queue/records.ts';
import { requestOf } from '../../../functions/reconcile/queue/request.ts';
import { nodeGroup } from '../../../shared/messages/group.ts';
import { messageGroupOf } from '../../../shared/messages/queue.ts';
import { type NodeMessage, parseMessage } from '../../../shared/messages/schema.ts';
import { mutated, mutatedText } from '../hostile.ts';
import { fuzzTarget } from '../target.ts';
import { checkCanonical } from './annotations.ts';

const NOW = Date.UTC(2026, 2, 1, 12);

const observedAt = fc.constantFrom('2026-03-01T11:59:00Z', '2026-03-01T12:10:00+02:00');

const podEvent = fc.record({
  event: fc.constantFrom('add', 'update', 'delete'),
  namespace: fc.constant('default'),
  name: fc.constantFrom('app', 'web-0'),
  uid: fc.constantFrom('uid-1', 'uid-2'),
  ips: fc.array(fc.constantFrom('172.16.1.70', '2600:1f18:1111:1::70', '::0070'), { maxLength: 3 }),
});

/** As earlier forwarders say it. */
const letGo = fc.record({
  node: fc.constantFrom('node-b', 'node-c'),
  observedAt,
  ips: fc.array(fc.constantFrom('172.16.1.70', '::0070'), { maxLength: 3 }),
});

const body = mutatedText(
  fc.oneof(
    fc.record(
      {
        version: fc.constant(1),
        cluster: fc.constant('demo'),
        node: fc.constantFrom('node-a', 'node-b'),
        instanceId: fc.constant('i-0123456789abcdef0'),
        reason: fc.constantFrom('pods', 'resync', 'sweep', 'moved', 'replay'),
        observedAt,
        pods: fc.array(podEvent, { maxLength: 3 }),
        lookFirst: fc.constant(true),
        letGo: fc.array(letGo, { maxLength: 3 }),
      },
      { requiredKeys: ['version', 'cluster', 'node', 'reason', 'observedAt', 'pods'] },
    ),
    fc.record({
      version: fc.constant(1),
      cluster: fc.constant('demo'),
      reason: fc.constant('heartbeat'),
      observedAt,
    }),
  ),
);

const record = fc.record({
  messageId: fc.uuid(),
  receiptHandle: fc.constant('handle'),
  body,
  attributes: fc.record({
    ApproximateReceiveCount: fc.constantFrom('1', '2', '100'),
    MessageGroupId: fc.constantFrom('demo/node-a', 'demo/node-b', 'demo/#heartbeat', 'made-up'),
  }),
});

const event = mutated(fc.record({ Records: fc.array(record, { maxLength: 4 }) }));

export const MESSAGES = [
  fuzzTarget({
    name: 'message body',
    inputs: body,
    read(text) {
      const read = parseMessage(text);
      if (read.ok && read.message.reason !== 'heartbeat') {
        const group = nodeGroup(read.message.cluster, read.message.node);
        if (group.length > 128) throw new Error(`a group of ${group.length} characters`);
      }
      return read;
    },
  }),
  fuzzTarget({
    name: 'batch of messages',
    inputs: event,
    read(json) {
      const { received, malformed } = readBatch(json);
      for (const { envelope, message } of received) {
        const { MessageGroupId: group } = envelope.attributes;
        if (group !== undefined && group !== messageGroupOf(message)) {
          throw new Error(`a message of another group than its node's: ${group}`);
        }
      }
      const ofNodes = received.filter(isOfNode);
      const byNode = Map.groupBy(ofNodes, ({ message }) => message.node);
      const requests = [...byNode].map(([node, messages]) => requestOf(node, messages, NOW));
      checkCanonical(requests.flatMap(({ seenToEnd }) => [...seenToEnd]));
      return [malformed.map(({ detail }) => ({ detail })), requests];
    },
    // Lambda itself makes the event: one that is none of SQS's fails the invocation.
    mayThrow: (error) => error instanceof z.ZodError,
  }),
];

function isOfNode(received: Received): received is Received<NodeMessage> {
  return received.message.reason !== 'heartbeat';
}
