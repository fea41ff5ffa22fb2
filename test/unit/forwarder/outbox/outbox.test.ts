import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { OutboxMessage } from '../../../../forwarder/outbox/groups.ts';
import { nodeGroup } from '../../../../shared/messages/group.ts';
import { about, heartbeat, pods, resync, start } from './bed.ts';

describe('a message that SQS takes', () => {
  test('is sent at once in the group of its node, and forgotten', async () => {
    const { outbox, call, sent } = start();
    outbox.push(pods('a', 'p1'));
    const { batch, answer } = call();
    expect(batch.map(about)).toEqual(['a p1']);
    expect(batch[0]?.group).toBe(nodeGroup('demo', 'a'));
    await answer();
    expect(outbox.size()).toEqual({ messages: 0, bytes: 0 });
    expect(sent()).toBe(1);
  });

  test('leaves with those of up to nine other nodes', async () => {
    const { outbox, call, calls } = start();
    for (const n of [0, 1, 2, 3]) outbox.push(pods(`busy-${n}`, 'p'));
    for (let n = 0; n < 12; n += 1) outbox.push(pods(`node-${n}`, 'p'));
    expect(calls).toHaveLength(4);
    await call().answer();
    expect(calls.at(-1)?.batch).toHaveLength(10);
  });

  test('is never under way with another one of its node, and they keep their order', async () => {
    const { outbox, call, calls } = start();
    for (const name of ['p1', 'p2', 'p3']) outbox.push(pods('a', name));
    const order: string[] = [];
    while (calls.length > 0) {
      expect(calls).toHaveLength(1);
      const { batch, answer } = call();
      order.push(...batch.map(about));
      await answer();
    }
    expect(order).toEqual(['a p1', 'a p2', 'a p3']);
  });

  test('leaves in a batch of at most 1 MiB, and becomes a resync if it alone is longer', async () => {
    const { outbox, calls, call, collapsed } = start({
      messages: 1_000,
      bytes: 10_000_000,
    });
    const ips = (length: number) =>
      Array.from({ length }, (_, n) => `10.${n >> 16}.${(n >> 8) & 255}.${n & 255}`);
    outbox.push(pods('busy', 'p'));
    for (const n of [1, 2, 3]) outbox.push(pods(`busy-${n}`, 'p'));
    outbox.push(pods('a', 'p', ips(40_000)));
    outbox.push(pods('b', 'p', ips(40_000)));
    outbox.push(pods('c', 'p', ips(100_000)));
    const batches: (readonly OutboxMessage[])[] = [];
    while (calls.length > 0) {
      const { batch, answer } = call();
      batches.push(batch);
      await answer();
    }
    const bytes = batches.map((batch) =>
      batch.reduce((sum, { body }) => sum + Buffer.byteLength(body), 0),
    );
    expect(Math.max(...bytes)).toBeLessThanOrEqual(1_048_576);
    const named = batches.flat().flatMap(({ body }) => body.match(/10\.\d+\.\d+\.\d+/g) ?? []);
    expect(named).toHaveLength(80_000);
    expect(collapsed).toEqual(['c 1']);
    expect(batches.flat().map(about)).toContain('c resync');
  });
});

describe('a message that SQS does not take', () => {
  test('is sent again alone, with its deduplication id, while the rest of its batch is done', async () => {
    const { outbox, call, calls, clock } = start();
    for (const n of [1, 2, 3, 4]) outbox.push(pods(`busy-${n}`, 'p'));
    for (const node of ['a', 'b', 'c']) outbox.push(pods(node, 'p'));
    await call().answer();
    const first = calls.at(-1);
    await first?.answer([{ index: 1, code: 'InternalError', senderFault: false }]);
    calls.length = 0;
    clock.advance(1_000);
    const again = call();
    expect(again.batch).toEqual([first?.batch[1]]);
    expect(calls).toHaveLength(0);
  });

  test('does not let a later one of its node overtake it', async () => {
    const { outbox, call, calls, clock } = start();
    outbox.push(pods('a', 'p1'));
    outbox.push(pods('a', 'p2'));
    await call().answer([{ index: 0, code: 'InternalError', senderFault: false }]);
    expect(calls).toHaveLength(0);
    clock.advance(1_000);
    expect(call().batch.map(about)).toEqual(['a p1']);
  });

  test('waits ever longer, but never more than 30 s', async () => {
    const { outbox, call, calls, clock } = start();
    outbox.push(pods('a', 'p1'));
    const waits: number[] = [];
    for (let n = 0; n < 14; n += 1) {
      await call().fail();
      const before = clock.now();
      while (calls.length === 0) clock.advance((clock.nextTimer() ?? 0) - clock.now());
      waits.push(clock.now() - before);
    }
    expect(waits.slice(0, 4)).toEqual([75, 150, 300, 600]);
    expect(waits.at(-1)).toBe(22_500);
    await call().answer();
    expect(outbox.size().messages).toBe(0);
  });

  test('keeps nothing else from waiting when the call as a whole fails', async () => {
    const { outbox, call, calls, clock, failed } = start();
    outbox.push(pods('a', 'p1'));
    await call().fail();
    outbox.push(pods('b', 'p2'));
    expect(calls).toHaveLength(0);
    clock.advance(100);
    expect(call().batch.map(about)).toEqual(['b p2', 'a p1'].toSorted());
    expect(failed).toEqual(['Error 1']);
  });

  test('becomes a resync of its node if SQS finds fault with it', async () => {
    const { outbox, call, clock, collapsed } = start();
    outbox.push(pods('a', 'p1'));
    outbox.push(pods('a', 'p2'));
    const refusal = { index: 0, code: 'InvalidMessageContents', senderFault: true };
    await call().answer([refusal]);
    clock.advance(1_000);
    const again = call();
    expect(again.batch.map(about)).toEqual(['a resync']);
    expect(collapsed).toEqual(['a 2']);
    await again.answer([refusal]);
    clock.advance(1_000);
    expect(call().batch.map(about)).toEqual(['a resync']);
  });
});

describe('what waits is bounded', () => {
  test('over the bound, the node with most messages is left with one resync', async () => {
    const { outbox, call, calls, clock, collapsed } = start({ messages: 5, bytes: 1_000_000 });
    outbox.push(resync('other'));
    const blocked = call();
    for (const name of ['p1', 'p2', 'p3']) outbox.push(pods('a', name));
    await call().fail();
    outbox.push(pods('b', 'p4'));
    outbox.push(pods('b', 'p5'));
    expect(collapsed).toEqual(['a 3']);
    await blocked.answer();
    const sent: string[] = [];
    clock.advance(30_000);
    while (calls.length > 0) {
      const next = call();
      sent.push(...next.batch.map(about));
      await next.answer();
    }
    expect(sent.toSorted()).toEqual(['a resync', 'b p4', 'b p5']);
  });

  test('many bytes in one message are as many messages', () => {
    const { outbox, collapsed } = start({ messages: 1_000, bytes: 2_000 });
    outbox.push(resync('a'));
    outbox.push(pods('a', 'p1', new Array(200).fill('172.16.1.70')));
    expect(collapsed).toEqual(['a 1']);
    expect(outbox.size().bytes).toBeLessThan(2_000);
  });

  test('a node that has a resync waiting needs no other', () => {
    const { outbox } = start();
    outbox.push(pods('a', 'p1'));
    outbox.push(resync('a'));
    outbox.push(resync('a'));
    expect(outbox.size().messages).toBe(2);
  });

  test('a node of which events wait gets its resync all the same, behind them', async () => {
    const { outbox, call } = start();
    outbox.push(resync('a'));
    const away = call();
    outbox.push(pods('a', 'p1'));
    outbox.push(resync('a'));
    expect(outbox.size().messages).toBe(3);
    await away.answer();
    const order: string[] = [];
    for (let n = 0; n < 2; n += 1) {
      const { batch, answer } = call();
      order.push(...batch.map(about));
      await answer();
    }
    expect(order).toEqual(['a p1', 'a resync']);
  });

  test('of the heartbeats the newest waits', async () => {
    const { outbox, call, clock } = start();
    outbox.push(heartbeat('2026-01-01T00:00:00Z'));
    await call().fail();
    outbox.push(heartbeat('2026-01-01T00:01:00Z'));
    outbox.push(heartbeat('2026-01-01T00:02:00Z'));
    clock.advance(30_000);
    expect(call().batch.map(about)).toEqual(['heartbeat 2026-01-01T00:02:00Z']);
  });

  test('whatever SQS does, each node that was told of is looked at after its last event', async () => {
    const node = fc.constantFrom('a', 'b', 'c');
    const push = fc.record({ kind: fc.constant('push' as const), node });
    const answer = fc.record({ kind: fc.constantFrom('take', 'refuse', 'fault', 'fail') });
    await fc.assert(
      fc.asyncProperty(fc.array(fc.oneof(push, answer), { maxLength: 60 }), async (steps) => {
        const { outbox, calls, clock } = start({ messages: 4, bytes: 5_000 });
        const told = new Map<string, number>();
        const begun = new Map<string, number>();
        const finish = async (kind: string, at: number): Promise<void> => {
          clock.advance(30_000);
          const next = calls.shift();
          if (next === undefined) return;
          const nodes = next.batch.map((outgoing) => about(outgoing).split(' ')[0] ?? '');
          const refusal = { code: 'X', senderFault: kind === 'fault' };
          if (kind === 'fail') await next.fail();
          else if (kind === 'take') {
            for (const name of nodes) begun.set(name, at);
            await next.answer();
          } else await next.answer(nodes.map((_, index) => ({ index, ...refusal })));
        };
        for (const [at, step] of steps.entries()) {
          if (step.kind !== 'push') await finish(step.kind, at);
          else {
            outbox.push(pods(step.node, `p${at}`, ['172.16.1.70']));
            told.set(step.node, at);
          }
          expect(outbox.size().messages).toBeLessThanOrEqual(6);
        }
        for (let at = steps.length; outbox.size().messages > 0; at += 1) await finish('take', at);
        for (const [name, at] of told) expect(begun.get(name)).toBeGreaterThan(at);
      }),
    );
  });
});

describe('the end', () => {
  test('draining ends as soon as everything is sent', async () => {
    const { outbox, call } = start();
    outbox.push(pods('a', 'p1'));
    outbox.push(pods('a', 'p2'));
    const drained = outbox.drain(10_000);
    await call().answer();
    await call().answer();
    await expect(drained).resolves.toBe(true);
    await expect(outbox.drain(10_000)).resolves.toBe(true);
  });

  test('draining ends when its time is over', async () => {
    const { outbox, clock } = start();
    outbox.push(pods('a', 'p1'));
    const drained = outbox.drain(10_000);
    clock.advance(10_000);
    await expect(drained).resolves.toBe(false);
  });

  test('nothing is sent any more once it is cleared', async () => {
    const { outbox, call, calls, clock } = start();
    outbox.push(pods('a', 'p1'));
    outbox.push(pods('a', 'p2'));
    const { signal, fail } = call();
    outbox.clear();
    expect(signal.aborted).toBe(true);
    await fail();
    clock.advance(60_000);
    expect(calls).toHaveLength(0);
    expect(outbox.size()).toEqual({ messages: 0, bytes: 0 });
  });
});
