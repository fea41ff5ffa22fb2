import { describe, expect, test } from 'vitest';
import { pods, resync, start } from './bed.ts';

describe('that SQS takes nothing', () => {
  test('is told once something has waited for 20 s, and again after the next 20 s', async () => {
    const { outbox, clock, call, stuck } = start();
    clock.advance(60_000);
    outbox.push(pods('a', 'p1'));
    clock.advance(10_000);
    await call().fail();
    clock.advance(9_999);
    expect(stuck()).toBe(0);
    clock.advance(1);
    expect(stuck()).toBe(1);
    clock.advance(20_000);
    expect(stuck()).toBe(2);
  });

  test('is told also if it answers, and refuses each message', async () => {
    const { outbox, clock, calls, stuck } = start();
    const refusal = { code: 'ThrottlingException', senderFault: false };
    for (let seconds = 0; seconds < 20; seconds += 1) {
      outbox.push(pods(`node-${seconds}`, 'p'));
      for (const { batch, answer } of calls.splice(0)) {
        await answer(batch.map((_, index) => ({ index, ...refusal })));
      }
      expect(stuck()).toBe(0);
      clock.advance(1_000);
    }
    expect(stuck()).toBe(1);
  });

  test('is not told while it takes something, or nothing waits', async () => {
    const { outbox, clock, call, stuck } = start();
    outbox.push(pods('a', 'p1'));
    outbox.push(pods('b', 'p1'));
    for (let n = 0; n < 5; n += 1) {
      clock.advance(19_000);
      outbox.push(pods('a', `p${n}`));
      await call().answer();
    }
    expect(outbox.size().messages).toBeGreaterThan(0);
    while (outbox.size().messages > 0) await call().answer();
    clock.advance(60_000);
    expect(stuck()).toBe(0);
  });

  test('is not told of a message that is at fault itself, since any replica would be refused it', async () => {
    const { outbox, clock, call, stuck } = start();
    outbox.push(resync('a'));
    for (let n = 0; n < 4; n += 1) {
      await call().answer([{ index: 0, code: 'InvalidMessageContents', senderFault: true }]);
      clock.advance(15_000);
    }
    expect(stuck()).toBe(0);
  });
});
