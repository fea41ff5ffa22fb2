import { describe, expect, test } from 'vitest';
import { createReplica } from '../../forwarder/replica.ts';
import { virtualClock } from '../../sandbox/clock.ts';
import type { Message } from '../../shared/messages/schema.ts';
import { podWith } from './pods.ts';

const X = '172.16.1.70';

function start() {
  const clock = virtualClock();
  const messages: Message[] = [];
  const outbox = { push: (message: Message) => void messages.push(message) };
  const replica = createReplica({ clock, cluster: 'demo', outbox });
  /** Takes what was sent since the last time. */
  const sent = (): string[] =>
    messages.splice(0).map((message) => {
      if (message.reason === 'heartbeat') return 'heartbeat';
      const pods = message.pods.map(({ event, name, ips }) => [event, name, ...ips].join(' '));
      return [`${message.node} ${message.reason}`, ...pods].join(': ');
    });
  const list = (...pods: Parameters<typeof replica.onPod>[0][]): void => {
    for (const pod of pods) replica.onPod(pod);
    replica.onListed(new Set(pods.map(({ uid }) => uid)));
  };
  return { clock, messages, replica, sent, list };
}

describe('a replica that leads', () => {
  test('sends a heartbeat and a resync of each node with Multus pods after the first list', () => {
    const { replica, sent, list } = start();
    replica.elected();
    expect(sent()).toEqual([]);
    list(
      podWith([X], { name: 'p1', node: 'a' }),
      podWith([], { name: 'p2', node: 'b' }),
      podWith([X], { name: 'p3', node: 'c' }),
    );
    expect(sent()).toEqual(['heartbeat', 'a resync', 'c resync']);
  });

  test('sends what happens from then on', () => {
    const { replica, sent, list, clock } = start();
    replica.elected();
    list(podWith([X]));
    sent();
    replica.onDeleted(podWith([X]));
    replica.onPod(podWith([X], { name: 'p2' }));
    clock.advance(250);
    expect(sent()).toEqual([`a pods: delete p1 ${X}`, 'a pods: add p2']);
  });

  test('sends a delete for what a later list does not have any more', () => {
    const { replica, sent, list } = start();
    replica.elected();
    list(podWith([X]), podWith(['172.16.1.71'], { name: 'p2', node: 'b' }));
    sent();
    list(podWith(['172.16.1.71'], { name: 'p2', node: 'b' }));
    expect(sent()).toEqual([`a pods: delete p1 ${X}`]);
  });

  test('sends nothing any more when it has lost the lead, not even what it was gathering', () => {
    const { replica, sent, list, clock } = start();
    replica.elected();
    list(podWith([X]));
    replica.onDeleted(podWith([X]));
    replica.onPod(podWith([X], { name: 'p2' }));
    sent();
    replica.lost();
    replica.beat();
    clock.advance(10_000);
    expect(sent()).toEqual([]);
  });
});

describe('a replica that takes over', () => {
  test('sends nothing before, though it follows what happens', () => {
    const { replica, sent, list, clock } = start();
    list(podWith([X]));
    replica.beat();
    replica.onDeleted(podWith([X]));
    replica.onPod(podWith([X], { name: 'p2', node: 'b' }));
    clock.advance(10_000);
    expect(sent()).toEqual([]);
    expect(replica.counts()).toEqual({ pods: 1, nodes: 1 });
  });

  test('repeats the events of the last minute that name addresses, then resyncs', () => {
    const { replica, sent, list, clock, messages } = start();
    list(
      podWith([X], { name: 'old', node: 'a' }),
      podWith([X], { name: 'p1', node: 'b' }),
      podWith([X], { name: 'p2', node: 'b' }),
      podWith([X], { name: 'stays', node: 'c' }),
    );
    replica.onDeleted(podWith([X], { name: 'old', node: 'a' }));
    clock.advance(40_000);
    const oldest = new Date(clock.now()).toISOString();
    replica.onDeleted(podWith([X], { name: 'p1', node: 'b' }));
    clock.advance(21_000);
    replica.onDeleted(podWith([X], { name: 'p2', node: 'b' }));
    replica.elected();
    expect(messages[1]?.observedAt).toBe(oldest);
    expect(sent()).toEqual(['heartbeat', `b pods: delete p1 ${X}: delete p2 ${X}`, 'c resync']);
  });
});
