import { expect, test } from 'vitest';
import { createReplica } from '../../../../forwarder/replica.ts';
import { virtualClock } from '../../../../sandbox/clock.ts';
import type { Message, NodeMessage } from '../../../../shared/messages/schema.ts';
import { claimingPod, X } from '../pods.ts';

const OTHERS = 99;

/** A forwarder that leads, in a cluster where pods of 99 other nodes claim X too. */
function start() {
  const clock = virtualClock();
  const sent: NodeMessage[] = [];
  const replica = createReplica({
    clock,
    cluster: 'demo',
    outbox: {
      push(message: Message) {
        if (message.reason !== 'heartbeat') sent.push(message);
      },
      size: () => ({ messages: 0, bytes: 0 }),
    },
  });
  for (let n = 0; n < OTHERS; n += 1) {
    replica.onPod(claimingPod([X], { name: `other-${n}`, node: `node-${n}` }));
  }
  replica.onListed(new Set(Array.from({ length: OTHERS }, (_, n) => `other-${n}`)));
  replica.elected();
  clock.advance(60_000);
  sent.length = 0;
  const patch = (name: string, ips: readonly string[]): void => {
    replica.onPod(claimingPod(ips, { name, node: 'a' }));
    clock.advance(1_000);
  };
  return { clock, sent, patch };
}

test('a pod that changes again and again has the nodes of others told seldom', () => {
  const { clock, sent, patch } = start();
  for (let second = 0; second < 60; second += 1) patch('flapping', second % 2 === 0 ? [X] : []);
  clock.advance(30_000);
  const toOthers = sent.filter(({ node }) => node !== 'a');
  // Thirty times X became free. Each of the others heard of it, the last time included.
  expect(new Set(toOthers.map(({ node }) => node)).size).toBe(OTHERS);
  expect(toOthers.length).toBeLessThanOrEqual(9 * OTHERS);
  const last = new Map(toOthers.map(({ node, observedAt }) => [node, Date.parse(observedAt)]));
  // The changes ended 30 s ago. What each hears of last is one of the last 20 s before that.
  for (const at of last.values()) expect(clock.now() - at).toBeLessThanOrEqual(50_000);
  expect(sent.filter(({ node }) => node === 'a').length).toBeGreaterThanOrEqual(30);
});

test('and holds up no news of another pod', () => {
  const { sent, patch } = start();
  for (let second = 0; second < 60; second += 1) patch('flapping', second % 2 === 0 ? [X] : []);
  patch('steady', [X]);
  sent.length = 0;
  patch('steady', []);
  expect(new Set(sent.map(({ node }) => node)).difference(new Set(['a'])).size).toBe(OTHERS);
});
