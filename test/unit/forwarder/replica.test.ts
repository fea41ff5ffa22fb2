import { describe, expect, test } from 'vitest';
import { createReplica } from '../../../forwarder/replica.ts';
import { virtualClock } from '../../../sandbox/clock.ts';
import type { Message } from '../../../shared/messages/schema.ts';
import { claimingPod, X, Y } from './pods.ts';

function start() {
  const clock = virtualClock();
  const messages: Message[] = [];
  const outbox = {
    push: (message: Message) => void messages.push(message),
    size: () => ({ messages: 0, bytes: 0 }),
  };
  const replica = createReplica({ clock, cluster: 'demo', outbox });
  /** Takes what was sent since the last time. */
  const sent = (): string[] =>
    messages.splice(0).map((message) => {
      if (message.reason === 'heartbeat') return 'heartbeat';
      const pods = message.pods.map(({ event, name, ips }) => [event, name, ...ips].join(' '));
      const looks = message.lookFirst ? ['look first'] : [];
      return [`${message.node} ${message.reason}`, ...pods, ...looks].join(': ');
    });
  const list = (...pods: Parameters<typeof replica.onPod>[0][]): void => {
    for (const pod of pods) replica.onPod(pod);
    replica.onListed(new Set(pods.map(({ uid }) => uid)));
  };
  return { clock, replica, sent, list };
}

describe('a replica that leads', () => {
  test('sends a heartbeat and a resync of each node with Multus pods after the first list', () => {
    const { replica, sent, list } = start();
    replica.elected();
    expect(sent()).toEqual([]);
    list(
      claimingPod([X], { name: 'p1', node: 'a' }),
      claimingPod([], { name: 'p2', node: 'b' }),
      claimingPod([X], { name: 'p3', node: 'c' }),
    );
    expect(sent()).toEqual(['heartbeat', 'a resync', 'c resync']);
  });

  test('sends what happens from then on', () => {
    const { replica, sent, list, clock } = start();
    replica.elected();
    list(claimingPod([X]));
    sent();
    replica.onDeleted(claimingPod([X]));
    replica.onPod(claimingPod([X], { name: 'p2' }));
    clock.advance(250);
    expect(sent()).toEqual([`a pods: delete p1 ${X}: add p2`]);
  });

  test('sends a delete for what a later list does not have any more', () => {
    const { replica, sent, list } = start();
    replica.elected();
    list(claimingPod([X]), claimingPod(['172.16.1.71'], { name: 'p2', node: 'b' }));
    sent();
    list(claimingPod(['172.16.1.71'], { name: 'p2', node: 'b' }));
    replica.flush();
    expect(sent()).toEqual([`a pods: delete p1 ${X}`]);
  });

  test('sends nothing any more when it has lost the lead, not even what it was gathering', () => {
    const { replica, sent, list, clock } = start();
    replica.elected();
    list(claimingPod([X]));
    replica.onDeleted(claimingPod([X]));
    replica.onPod(claimingPod([X], { name: 'p2' }));
    sent();
    replica.lost();
    replica.beat();
    clock.advance(10_000);
    expect(sent()).toEqual([]);
  });
});

describe('if a pod lets go of an address, the node of another claimant hears', () => {
  /** Of node `a`. */
  const holder = claimingPod([X, Y]);

  test('at once if that one waits, while the release may wait', () => {
    const { replica, sent, list, clock } = start();
    replica.elected();
    list(holder, claimingPod([X], { name: 'p2', node: 'b' }));
    sent();
    replica.onDeleted(holder);
    expect(sent()).toEqual(['b pods: look first']);
    clock.advance(3_000);
    expect(sent()).toEqual([`a pods: delete p1 ${X} ${Y}`]);
  });

  test('also if the pod drops it and lives on', () => {
    const { replica, sent, list } = start();
    replica.elected();
    list(holder, claimingPod([X], { name: 'p2', node: 'b' }));
    sent();
    replica.onPod(claimingPod([Y]));
    expect(sent()).toEqual([`a pods: update p1 ${X}`, 'b pods: look first']);
  });

  test('when it begins to claim it afterwards', () => {
    const { replica, sent, list } = start();
    replica.elected();
    list(holder);
    sent();
    replica.onDeleted(holder);
    replica.onPod(claimingPod([Y], { name: 'p2', node: 'b' }));
    expect(sent()).toEqual(['b pods: add p2: look first']);
  });
});

test('two minutes after a pod let go of an address nothing is looked up for it', () => {
  const { replica, sent, list, clock } = start();
  replica.elected();
  list(claimingPod([X]));
  replica.onDeleted(claimingPod([X]));
  clock.advance(2 * 60_000 + 1);
  sent();
  replica.onPod(claimingPod([X], { name: 'p2', node: 'b' }));
  expect(sent()).toEqual(['b pods: add p2']);
});

describe('a replica that takes over', () => {
  test('sends nothing before, though it follows what happens', () => {
    const { replica, sent, list, clock } = start();
    list(claimingPod([X]));
    replica.beat();
    replica.onDeleted(claimingPod([X]));
    replica.onPod(claimingPod([X], { name: 'p2', node: 'b' }));
    clock.advance(10_000);
    expect(sent()).toEqual([]);
    expect(replica.counts()).toEqual({ pods: 1, nodes: 1 });
  });

  test('has all nodes looked at: first where pods wait, last where all are gone that claimed something', () => {
    const { replica, sent, list, clock } = start();
    const condition = { status: 'True', reason: 'Assigned', message: `${Y} on eni-1` } as const;
    list(
      claimingPod([X], { name: 'old', node: 'a' }),
      claimingPod([Y], { name: 'stays', node: 'b', condition }),
    );
    replica.onDeleted(claimingPod([X], { name: 'old', node: 'a' }));
    clock.advance(14 * 60_000);
    replica.onPod(claimingPod([X], { name: 'new', node: 'c' }));
    replica.elected();
    expect(sent()).toEqual(['heartbeat', 'c resync', 'b resync', 'a resync']);
  });
});
