import { describe, expect, test } from 'vitest';
import { createReplica } from '../../../forwarder/replica.ts';
import { virtualClock } from '../../../sandbox/clock.ts';
import type { Message } from '../../../shared/messages/schema.ts';
import { claimingPod } from './pods.ts';

const X = '172.16.1.70';
const Y = '172.16.1.71';
const MINUTE_MS = 60_000;

function start() {
  const clock = virtualClock();
  const messages: Message[] = [];
  const outbox = {
    push: (message: Message) => void messages.push(message),
    unsentSince: () => undefined,
    size: () => ({ messages: 0, bytes: 0 }),
  };
  const replica = createReplica({ clock, cluster: 'demo', outbox });
  /** Takes what was sent since the last time. */
  const sent = (): string[] =>
    messages.splice(0).map((message) => {
      if (message.reason === 'heartbeat') return 'heartbeat';
      const pods = message.pods.map(({ event, name, ips }) => [event, name, ...ips].join(' '));
      const letGo = (message.letGo ?? []).map(({ node, ips }) => `${node} let go of ${ips}`);
      return [`${message.node} ${message.reason}`, ...pods, ...letGo].join(': ');
    });
  /** How long ago what messages tell of was let go of, ms. */
  const ages = (): number[] =>
    messages
      .flatMap((message) => (message.reason === 'pods' ? (message.letGo ?? []) : []))
      .map(({ observedAt }) => clock.now() - Date.parse(observedAt));
  const list = (...pods: Parameters<typeof replica.onPod>[0][]): void => {
    for (const pod of pods) replica.onPod(pod);
    replica.onListed(new Set(pods.map(({ uid }) => uid)));
  };
  return { clock, messages, replica, sent, ages, list };
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
    expect(sent()).toEqual([`a pods: add p2: delete p1 ${X}`]);
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

describe('of what a pod let go of, the node of another claimant hears', () => {
  /** Of node `a`. */
  const holder = claimingPod([X, Y]);

  test('at once where it waits, and of nothing that it does not claim', () => {
    const { replica, sent, ages, list, clock } = start();
    replica.elected();
    list(holder, claimingPod([X], { name: 'p2', node: 'b' }));
    sent();
    replica.onDeleted(holder);
    expect(ages()).toEqual([0]);
    expect(sent()).toEqual([`b pods: a let go of ${X}`]);
    clock.advance(3_000);
    expect(sent()).toEqual([`a pods: delete p1 ${X} ${Y}`]);
  });

  test('also where the pod drops it and lives on', () => {
    const { replica, sent, list } = start();
    replica.elected();
    list(holder, claimingPod([X], { name: 'p2', node: 'b' }));
    sent();
    replica.onPod(claimingPod([Y]));
    expect(sent()).toEqual([`a pods: update p1 ${X}`, `b pods: a let go of ${X}`]);
  });

  test('not when the pod only begins to terminate, or claims it as from another time', () => {
    const { replica, sent, list, clock } = start();
    const since = (text: string) => claimingPod([], { floating: [{ ip: X, since: text }] });
    replica.elected();
    list(since('2026-01-01T10:00:00Z'), claimingPod([X], { name: 'p2', node: 'b' }));
    sent();
    replica.onPod(since('2026-01-01T11:00:00Z'));
    clock.advance(1_000);
    replica.onPod({ ...since('2026-01-01T11:00:00Z'), terminating: true });
    expect(sent()).toEqual(['a pods: update p1', 'b pods', 'b pods']);
  });

  test('when it begins to claim it within 15 minutes, with when it was let go of', () => {
    const { replica, sent, ages, list, clock } = start();
    replica.elected();
    list(holder);
    replica.onDeleted(holder);
    clock.advance(15 * MINUTE_MS);
    sent();
    replica.onPod(claimingPod([Y], { name: 'p2', node: 'b' }));
    expect(ages()).toEqual([15 * MINUTE_MS]);
    expect(sent()).toEqual([`b pods: add p2: a let go of ${Y}`]);
    clock.advance(1);
    replica.onPod(claimingPod([X], { name: 'p3', node: 'c' }));
    expect(sent()).toEqual(['c pods: add p3']);
  });

  test('also where it begins to claim it after others, and where one watch event says both', () => {
    const { replica, sent, list } = start();
    replica.elected();
    list(
      claimingPod([X], { name: 'web-0', uid: 'old' }),
      claimingPod([Y], { name: 'p2', node: 'c' }),
    );
    sent();
    replica.onPod(claimingPod([X], { name: 'web-0', uid: 'new', node: 'b' }));
    replica.flush();
    expect(sent()).toEqual([`b pods: add web-0: a let go of ${X}`, `a pods: delete web-0 ${X}`]);
    replica.onPod(claimingPod([Y, X], { name: 'p2', node: 'c' }));
    expect(sent()).toEqual([`c pods: update p2: a let go of ${X}`]);
  });

  test('not what its own pods let go of, which it knows', () => {
    const { replica, sent, list } = start();
    replica.elected();
    list(holder);
    replica.onDeleted(holder);
    replica.flush();
    sent();
    replica.onPod(claimingPod([X], { name: 'p2' }));
    replica.flush();
    expect(sent()).toEqual(['a pods: add p2']);
  });

  test('from the last eight nodes that let go of it, since it can be on one alone', () => {
    const { replica, sent, list } = start();
    replica.elected();
    list();
    for (let n = 0; n < 12; n += 1) {
      const pod = claimingPod([X], { name: `p${n}`, node: `n${n}` });
      replica.onPod(pod);
      replica.onDeleted(pod);
    }
    replica.flush();
    sent();
    replica.onPod(claimingPod([X], { name: 'next', node: 'b' }));
    const letGo = [4, 5, 6, 7, 8, 9, 10, 11].map((n) => `n${n} let go of ${X}`);
    expect(sent()).toEqual([['b pods: add next', ...letGo].join(': ')]);
  });

  test('from a new leader, of whom the old one may have told it nothing', () => {
    const { replica, sent, list, clock } = start();
    list(holder, claimingPod([X], { name: 'p2', node: 'b' }));
    replica.onDeleted(holder);
    clock.advance(5 * MINUTE_MS);
    replica.elected();
    expect(sent()).toEqual(['heartbeat', `b pods: a let go of ${X}`]);
  });
});

describe('a replica that takes over from leaders that could not send', () => {
  test('repeats all that they may not have sent, as long as a naming holds', () => {
    const { replica, sent, list, clock } = start();
    list(claimingPod([X], { name: 'p1' }), claimingPod([X], { name: 'p2', node: 'b' }));
    replica.onDeleted(claimingPod([X], { name: 'p2', node: 'b' }));
    clock.advance(5 * MINUTE_MS);
    const since = clock.now();
    replica.onDeleted(claimingPod([X], { name: 'p1' }));
    clock.advance(10 * MINUTE_MS);
    replica.elected(since);
    expect(sent()).toEqual(['heartbeat', `a pods: delete p1 ${X}`]);
    replica.lost();
    clock.advance(5 * MINUTE_MS + 1);
    replica.elected(since);
    expect(sent()).toEqual(['heartbeat']);
  });

  test('says what it owes until it can send, and then what is unsent', () => {
    const { replica, list, clock } = start();
    const since = clock.now() - 5 * MINUTE_MS;
    replica.elected(since);
    expect(replica.unsentSince()).toBe(since);
    list();
    expect(replica.unsentSince()).toBeUndefined();
  });
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

  test('repeats the events of the last minute that name addresses, then resyncs the other nodes', () => {
    const { replica, sent, list, clock, messages } = start();
    list(
      claimingPod([X], { name: 'old', node: 'a' }),
      claimingPod([X], { name: 'p1', node: 'b' }),
      claimingPod([X], { name: 'p2', node: 'b' }),
      claimingPod([X], { name: 'stays', node: 'c' }),
      claimingPod([Y], { name: 'other', node: 'd' }),
    );
    replica.onDeleted(claimingPod([X], { name: 'old', node: 'a' }));
    clock.advance(40_000);
    const oldest = new Date(clock.now()).toISOString();
    replica.onDeleted(claimingPod([X], { name: 'p1', node: 'b' }));
    clock.advance(21_000);
    replica.onDeleted(claimingPod([X], { name: 'p2', node: 'b' }));
    replica.elected();
    expect(messages[1]?.observedAt).toBe(oldest);
    expect(sent()).toEqual([
      'heartbeat',
      `b pods: delete p1 ${X}: delete p2 ${X}`,
      `c pods: a let go of ${X}: b let go of ${X}`,
      'd resync',
    ]);
  });
});
