/** docs/design.md, "Schedules that broke earlier wordings", 20: an address outside the ranges is handed over. */
import { setImmediate } from 'node:timers/promises';
import { describe, expect, test, vi } from 'vitest';
import { type NodeMessage, parseMessage } from '../../shared/messages/schema.ts';
import { type Scene, startScene } from './scene.ts';

/** In no range of the network. */
const OUTSIDE = { IPv4: '172.16.1.200', IPv6: '2600:1f18:1111:1::200' };
const FAMILIES = Object.entries(OUTSIDE);
const X = OUTSIDE.IPv4;

/** The messages that the forwarders sent, which the test has reconciled in the order of its choice. */
interface Inbox {
  /** Lets time pass until this was sent to a node: `delete p1` for an event, `look first` for what another may have. */
  sent(node: string, ...events: string[]): Promise<void>;
  /** Reconciles a node for all that was sent to it and not yet looked at. */
  look(node: string): Promise<void>;
}

function inboxOf(scene: Scene): Inbox {
  const { sqs, queue } = scene.world;
  const done = new Set<string>();
  const unread = (node: string) =>
    sqs.messages(queue.name).flatMap(({ id, body }): [string, NodeMessage][] => {
      const parsed = parseMessage(body);
      if (!parsed.ok || parsed.message.reason === 'heartbeat' || done.has(id)) return [];
      return parsed.message.node === node ? [[id, parsed.message]] : [];
    });
  const inWords = ([, { reason, pods, lookFirst }]: [string, NodeMessage]): string[] => {
    if (reason !== 'pods') return [reason];
    return [
      ...pods.map(({ event, name }) => `${event} ${name}`),
      ...(lookFirst ? ['look first'] : []),
    ];
  };
  return {
    async sent(node, ...events) {
      await vi.waitFor(
        async () => {
          scene.clock.advance(50);
          await setImmediate();
          const told = unread(node);
          expect(told).not.toEqual([]);
          expect(told.flatMap(inWords)).toEqual(expect.arrayContaining(events));
        },
        { timeout: 20_000, interval: 2 },
      );
    },
    async look(node) {
      for (const [id, message] of unread(node)) {
        done.add(id);
        await scene.look(node, message);
      }
    },
  };
}

/** Starts a forwarder, and looks at each node as it asks for at its start. */
async function forward(scene: Scene, ...nodes: string[]) {
  const forwarder = await scene.startForwarder();
  const inbox = inboxOf(scene);
  for (const node of nodes) {
    await inbox.sent(node, 'resync');
    await inbox.look(node);
  }
  return { forwarder, inbox };
}

describe.each(FAMILIES)('20: an address outside the ranges, %s, is handed over', (_, address) => {
  const orders = [
    ['the claimant’s node looks first', ['b', 'a']],
    ['the node that had it looks first', ['a', 'b']],
  ] as const;

  test.each(orders)('to a pod that waits for it: %s', async (_order, order) => {
    const scene = await startScene();
    const p1 = scene.pod('p1', { node: 'a', namespace: 'ns1', ips: [address] });
    await scene.look('a');
    const p2 = scene.pod('p2', { node: 'b', namespace: 'ns2', ips: [address] });
    const { inbox } = await forward(scene, 'a', 'b');
    expect(p2.told()).toMatch(/^Conflict: /);
    p1.remove();
    await inbox.sent('a', 'delete p1');
    await inbox.sent('b', 'look first');
    for (const node of order) await inbox.look(node);

    expect(scene.ec2.whereIs(address)).toBe('b/eth1');
    expect(p2.told()).toMatch(/^Assigned: /);
    await scene.expectSettled();
  });

  test.each(orders)('to a pod that claims it only afterwards: %s', async (_order, order) => {
    const scene = await startScene();
    const p1 = scene.pod('p1', { node: 'a', namespace: 'ns1', ips: [address] });
    const { inbox } = await forward(scene, 'a');
    p1.remove();
    await inbox.sent('a', 'delete p1');
    const p2 = scene.pod('p2', { node: 'b', namespace: 'ns2', ips: [address] });
    await inbox.sent('b', 'add p2', 'look first');
    for (const node of order) await inbox.look(node);

    expect(scene.ec2.whereIs(address)).toBe('b/eth1');
    expect(p2.told()).toMatch(/^Assigned: /);
    await scene.expectSettled();
  });

  test.each(orders)('to a pod that a new leader knows of: %s', async (_order, order) => {
    const scene = await startScene();
    const { sqs } = scene.world;
    const p1 = scene.pod('p1', { node: 'a', namespace: 'ns1', ips: [address] });
    await scene.look('a');
    const p2 = scene.pod('p2', { node: 'b', namespace: 'ns2', ips: [address] });
    const { forwarder, inbox } = await forward(scene, 'a', 'b');
    const standby = await scene.startForwarder();
    await vi.waitFor(async () => {
      scene.clock.advance(50);
      expect(await fetch(`http://127.0.0.1:${standby.port}/readyz`)).toMatchObject({ ok: true });
    });
    // What the leader says of it never arrives.
    sqs.faults.fail('SendMessageBatch', Number.POSITIVE_INFINITY);
    p1.remove();
    await vi.waitFor(() => {
      scene.clock.advance(50);
      const failed = sqs.calls.filter(({ outcome }) => outcome === 'ServiceUnavailable');
      expect(failed).not.toEqual([]);
    });
    await forwarder.abandon();
    sqs.faults.fail('SendMessageBatch', 0);
    await inbox.sent('a', 'resync');
    await inbox.sent('b', 'resync');
    for (const node of order) await inbox.look(node);

    expect(scene.ec2.whereIs(address)).toBe('b/eth1');
    expect(p2.told()).toMatch(/^Assigned: /);
    await scene.expectSettled();
  });
});

describe.each([
  ['172.16.1.20', ['b', 'c', 'a']],
  ['172.16.1.20', ['a', 'b', 'c']],
  ['2600:1f18:1111:1::20', ['b', 'c', 'a']],
  ['2600:1f18:1111:1::20', ['a', 'b', 'c']],
])('20: a drain of six pods with addresses from %s0 on', (prefix, order) => {
  test(`is over once ${order.join(', ')} have looked`, async () => {
    const scene = await startScene();
    const claims = [0, 1, 2, 3, 4, 5].map((n) => ({ name: `web-${n}`, ip: `${prefix}${n}` }));
    const leaving = claims.map(({ name, ip }) => scene.pod(name, { node: 'a', ips: [ip] }));
    const { inbox } = await forward(scene, 'a');
    const come = claims.map(({ name, ip }, n) => {
      leaving[n]?.remove();
      // As a StatefulSet does: of the same name, once the old one is gone.
      return {
        ip,
        node: n % 2 === 0 ? 'b' : 'c',
        pod: scene.pod(name, { node: n % 2 === 0 ? 'b' : 'c', ips: [ip] }),
      };
    });
    await inbox.sent('a', ...claims.map(({ name }) => `delete ${name}`));
    await inbox.sent('b', 'add web-0', 'add web-2', 'add web-4');
    await inbox.sent('c', 'add web-1', 'add web-3', 'add web-5');
    for (const node of order) await inbox.look(node);

    for (const { ip, node, pod } of come) {
      expect(scene.ec2.whereIs(ip)).toBe(`${node}/eth1`);
      expect(pod.told()).toMatch(/^Assigned: /);
    }
    await scene.expectSettled();
  });
});

describe('20: an address of a pod that is gone, before its node has released it', () => {
  async function leftOnA() {
    const scene = await startScene();
    const p1 = scene.pod('p1', { node: 'a', ips: [X] });
    await scene.look('a');
    p1.remove();
    const p2 = scene.pod('p2', { node: 'b', ips: [X] });
    return { scene, p2 };
  }

  test('passes to whoever claims it, whatever the message says', async () => {
    const { scene, p2 } = await leftOnA();
    await scene.look('b', { reason: 'replay' });
    expect(scene.ec2.whereIs(X)).toBe('b/eth1');
    expect(p2.told()).toMatch(/^Assigned: /);
    expect(scene.entry('a', X)).toBe('releasing p1');
    await scene.expectSettled();
  });

  test('stays if no ledger has it', async () => {
    const scene = await startScene();
    await scene.ec2.assignByHand(scene.worker('a').enis[1]?.id ?? '', X);
    const p2 = scene.pod('p2', { node: 'b', ips: [X] });
    await scene.look('b');
    expect(scene.ec2.whereIs(X)).toBe('a/eth1');
    expect(p2.told()).toMatch(/^HeldElsewhere: .*no ENILedger/);
  });

  test('stays while a pod of that node claims it again', async () => {
    const { scene, p2 } = await leftOnA();
    scene.pod('again', { node: 'a', namespace: 'ns2', ips: [X] });
    await scene.look('b', { reason: 'pods' });
    expect(p2.told()).toMatch(/^Conflict: .* ns2\/again on node a/);
  });

  test('stays if the claimant is gone by then, for whom nothing is unassigned on its node either', async () => {
    const { scene, p2 } = await leftOnA();
    p2.remove();
    const before = scene.ec2.attempts();
    await scene.look('b', { reason: 'pods' });
    expect(scene.ec2.attempts()).toEqual(before);
  });
});
