import { describe, expect, test } from 'vitest';
import { createReplica } from '../../../../forwarder/replica.ts';
import { virtualClock } from '../../../../sandbox/clock.ts';
import type { Message, NodeMessage } from '../../../../shared/messages/schema.ts';
import { claimingPod } from '../pods.ts';

const SECOND_MS = 1_000;

/** A forwarder that leads, with `pods` of a tenant, each at the node of its number modulo `nodes`. */
function start({ pods, nodes }: { readonly pods: number; readonly nodes: number }) {
  const clock = virtualClock();
  const sent: (NodeMessage & { readonly sentAt: number })[] = [];
  const replica = createReplica({
    clock,
    cluster: 'demo',
    outbox: {
      push(message: Message) {
        if (message.reason !== 'heartbeat') sent.push({ ...message, sentAt: clock.now() });
      },
      size: () => ({ messages: 0, bytes: 0 }),
    },
  });
  replica.elected();
  replica.onListed(new Set());
  const addressOf = (nth: number, version: number): string =>
    `10.${version % 200}.${nth >> 8}.${nth & 255}`;
  const pod = (nth: number, version: number) =>
    claimingPod([addressOf(nth, version)], {
      ...{ name: `pod-${nth}`, namespace: 'tenant', node: `node-${nth % nodes}` },
    });
  /** So often each pod changed what it claims. */
  let versions = 0;
  return {
    ...{ clock, sent, replica, addressOf, pod },
    /** Each pod changes its claim every two seconds, for so many of them. */
    flap(times: number): void {
      for (let time = 0; time < times; time += 1) {
        for (let nth = 0; nth < pods; nth += 1) {
          replica.onPod(pod(nth, versions));
          clock.advance((2 * SECOND_MS) / pods);
        }
        versions += 1;
      }
    },
    last: () => versions - 1,
  };
}

/** What is sent to the nodes from now on. */
function fromNow(sent: readonly NodeMessage[]): () => readonly NodeMessage[] {
  const before = sent.length;
  return () => sent.slice(before);
}

describe('pods that change what they claim again and again', () => {
  test.each([10, 100])(
    'have their %i nodes told twice a second, and of all in the end',
    (nodes) => {
      const { clock, sent, flap, addressOf, last } = start({ pods: 2 * nodes, nodes });
      flap(30);
      const later = fromNow(sent);
      flap(30);
      expect(later().length).toBeGreaterThanOrEqual(60 * 2 - 10);
      expect(later().length).toBeLessThanOrEqual(60 * 2 + 10);
      clock.advance((nodes / 2) * SECOND_MS);
      const ended = new Set(sent.flatMap(({ pods }) => pods.flatMap(({ ips }) => ips)));
      for (let nth = 0; nth < 2 * nodes; nth += 1)
        expect(ended).toContain(addressOf(nth, last() - 1));
      const told = sent.length;
      clock.advance(600 * SECOND_MS);
      expect(sent).toHaveLength(told);
    },
  );

  test('do not hold up pods of their namespace that come or go, which take along what waits', () => {
    const { clock, sent, replica, flap, pod, addressOf, last } = start({ pods: 40, nodes: 20 });
    flap(30);
    clock.advance(20 * SECOND_MS);
    flap(30);
    const later = fromNow(sent);
    const fresh = claimingPod(['10.250.0.1'], {
      name: 'new',
      namespace: 'tenant',
      node: 'node-20',
    });
    replica.onPod(fresh);
    expect(later()).toMatchObject([{ node: 'node-20', pods: [{ event: 'add', name: 'new' }] }]);
    replica.onDeleted(pod(0, last()));
    clock.advance(3 * SECOND_MS);
    const [message] = later().filter(({ node }) => node === 'node-0');
    expect(message?.pods).toContainEqual(
      expect.objectContaining({
        ...{ event: 'delete', name: 'pod-0' },
        ips: expect.arrayContaining([addressOf(0, last())]),
      }),
    );
  });

  test('do not hold up other namespaces’ pods that change what they claim', () => {
    const { clock, sent, replica, flap } = start({ pods: 20, nodes: 10 });
    const steady = (n: number) =>
      claimingPod([`10.250.0.${n}`], { name: 'steady', namespace: 'other', node: 'node-10' });
    for (let n = 0; n < 5; n += 1) {
      replica.onPod(steady(n));
      clock.advance(SECOND_MS);
    }
    flap(30);
    const later = fromNow(sent);
    replica.onPod(steady(5));
    expect(later()).toMatchObject([
      { node: 'node-10', pods: [{ event: 'update', name: 'steady' }] },
    ]);
  });

  test('go behind what came meanwhile: news that waited is as old as when it is sent', () => {
    const { sent, flap } = start({ pods: 200, nodes: 100 });
    flap(30);
    for (const { observedAt, sentAt } of sent) {
      expect(sentAt - Date.parse(observedAt)).toBeLessThanOrEqual(5 * SECOND_MS);
    }
  });
});

test('long-lived pods that change once are told of at once, however many fail over together', () => {
  const { clock, sent, replica, pod } = start({ pods: 300, nodes: 300 });
  // The changes of an hour ago are no reason to wait.
  for (let version = 0; version < 5; version += 1) {
    for (let nth = 0; nth < 300; nth += 1) replica.onPod(pod(nth, version));
    clock.advance(3_600 * SECOND_MS);
  }
  const later = fromNow(sent);
  for (let nth = 0; nth < 300; nth += 1) replica.onPod(pod(nth, 5));
  expect(later()).toHaveLength(300);
});

test('a pod that claims nothing in between is one that changes', () => {
  const { clock, sent, replica, pod } = start({ pods: 40, nodes: 40 });
  const flap = (times: number): void => {
    for (let time = 0; time < times; time += 1) {
      for (let nth = 0; nth < 40; nth += 1) {
        const { name, node, namespace } = pod(nth, 0);
        replica.onPod(claimingPod([], { name, namespace, ...(node && { node }) }));
        replica.onPod(pod(nth, time));
      }
      clock.advance(SECOND_MS);
    }
  };
  flap(30);
  const later = fromNow(sent);
  flap(30);
  expect(later().length).toBeLessThanOrEqual(30 * 2 + 10);
});

test('pods that start are told of at once, however many of one namespace, in each step of it', () => {
  const { clock, sent, replica } = start({ pods: 0, nodes: 1 });
  const later = fromNow(sent);
  for (let nth = 0; nth < 400; nth += 1) {
    const own = { name: `pod-${nth}`, namespace: 'tenant', node: `node-${nth}` };
    const floating = [{ ip: `10.1.${nth >> 8}.${nth & 255}` }];
    replica.onPod(claimingPod([], { ...own, floating }));
    clock.advance(SECOND_MS / 2);
    replica.onPod(claimingPod([`10.2.${nth >> 8}.${nth & 255}`], { ...own, floating }));
    expect(later().filter(({ node }) => node === own.node)).not.toHaveLength(0);
  }
  clock.advance(SECOND_MS);
  expect(later()).toHaveLength(800);
});
