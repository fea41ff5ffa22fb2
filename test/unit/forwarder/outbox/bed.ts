import { setImmediate } from 'node:timers/promises';
import type { OutboxMessage } from '../../../../forwarder/outbox/groups.ts';
import { createOutbox } from '../../../../forwarder/outbox/outbox.ts';
import type { SendRefusal } from '../../../../forwarder/outbox/sender.ts';
import { type VirtualClock, virtualClock } from '../../../../sandbox/clock.ts';
import { type Message, parseMessage } from '../../../../shared/messages/schema.ts';
import { nodeMessage } from '../../../support/messages.ts';

const SEND_DEADLINE_MS = 20_000;
const OBSERVED = '2026-01-01T00:00:00.000Z';

export function pods(node: string, name: string, ips: string[] = []): Message {
  const event = { event: 'delete' as const, namespace: 'default', name, uid: name, ips };
  return nodeMessage({ node, observedAt: OBSERVED, reason: 'pods', pods: [event] });
}

export const resync = (node: string): Message => nodeMessage({ node, observedAt: OBSERVED });

export const heartbeat = (observedAt: string): Message => ({
  version: 1,
  cluster: 'demo',
  reason: 'heartbeat',
  observedAt,
});

/** One call on SQS, which the test answers. */
export interface Call {
  readonly batch: readonly OutboxMessage[];
  readonly signal: AbortSignal;
  answer(refusals?: SendRefusal[]): Promise<void>;
  fail(): Promise<void>;
}

/** What a message is about, for comparing. */
export function about({ body }: OutboxMessage): string {
  const parsed = parseMessage(body);
  if (!parsed.ok) throw new Error(parsed.detail);
  const { message } = parsed;
  if (message.reason === 'heartbeat') return `heartbeat ${message.observedAt}`;
  if (message.reason === 'resync') return `${message.node} resync`;
  return `${message.node} ${message.pods.map(({ name }) => name).join()}`;
}

export function start(limit = { messages: 1_000, bytes: 1_000_000 }) {
  const clock: VirtualClock = virtualClock();
  const calls: Call[] = [];
  const collapsed: string[] = [];
  const failed: string[] = [];
  let stuck = 0;
  let sent = 0;
  const outbox = createOutbox({
    clock,
    random: () => 0.5,
    cluster: 'demo',
    limit,
    sendDeadline: SEND_DEADLINE_MS,
    send: (batch, signal) =>
      new Promise((resolve, reject) => {
        const call: Call = {
          batch,
          signal,
          async answer(refusals = []) {
            resolve(refusals);
            await setImmediate();
          },
          async fail() {
            reject(new Error('no route to SQS'));
            await setImmediate();
          },
        };
        calls.push(call);
      }),
    events: {
      sent(n) {
        sent += n;
      },
      failed: (reason, n) => void failed.push(`${reason} ${n}`),
      collapsed: (node, n) => void collapsed.push(`${node} ${n}`),
      stuck() {
        stuck += 1;
      },
    },
  });
  const call = (): Call => {
    const next = calls.shift();
    if (next === undefined) throw new Error('nothing is being sent');
    return next;
  };
  return { clock, calls, call, outbox, collapsed, failed, stuck: () => stuck, sent: () => sent };
}
