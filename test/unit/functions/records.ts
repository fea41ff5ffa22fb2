import type { Envelope } from '../../../functions/reconcile/queue/records.ts';
import { messageGroupOf } from '../../../shared/messages/queue.ts';
import { type NodeMessage, parseMessage } from '../../../shared/messages/schema.ts';
import { nodeMessage as anyMessage } from '../../support/messages.ts';

/** A message of the queue as it came for the `receives`-th time. */
export function envelope(id: string, receives = 1, body = ''): Envelope {
  return {
    messageId: `message-${id}`,
    receiptHandle: `receipt-${id}`,
    body,
    attributes: { ApproximateReceiveCount: receives, MessageGroupId: groupOf(body) },
  };
}

function groupOf(body: string): string {
  const parsed = parseMessage(body);
  return parsed.ok ? messageGroupOf(parsed.message) : 'demo/node-a';
}

/** As Lambda hands it over. */
export function sqsRecord(id: string, body: string) {
  const { attributes, ...rest } = envelope(id, 1, body);
  return { ...rest, attributes: { ...attributes, ApproximateReceiveCount: '1' } };
}

export const OBSERVED_AT = Date.UTC(2026, 0, 1);

export function nodeMessage(spec: Partial<NodeMessage> = {}): NodeMessage {
  return anyMessage({ reason: 'pods', observedAt: new Date(OBSERVED_AT).toISOString(), ...spec });
}

export function podEvent(
  event: 'add' | 'update' | 'delete',
  ...ips: readonly string[]
): NodeMessage['pods'][number] {
  return { event, namespace: 'default', name: 'p', uid: 'uid-p', ips: [...ips] };
}
