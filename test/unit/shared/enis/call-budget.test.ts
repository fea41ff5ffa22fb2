import {
  AssignPrivateIpAddressesCommand,
  UnassignPrivateIpAddressesCommand,
} from '@aws-sdk/client-ec2';
import { describe, expect, test } from 'vitest';
import { virtualClock } from '../../../../sandbox/clock.ts';
import { type BudgetSettings, callBudget } from '../../../../shared/enis/call-budget.ts';
import type { Ec2 } from '../../../../shared/enis/ec2.ts';

const ASSIGN = 'AssignPrivateIpAddresses';

function start({ writers = 1, ...settings }: Partial<BudgetSettings> = {}) {
  const clock = virtualClock();
  const budget = callBudget({ clock, writers, ...settings });
  let throttles = false;
  const ec2: Ec2 = {
    async send() {
      if (throttles) throw Object.assign(new Error('slow down'), { name: 'RequestLimitExceeded' });
      return {};
    },
  } as unknown as Ec2;
  const spending = budget.spending(ec2);
  const send = async (count: number): Promise<void> => {
    const command = new AssignPrivateIpAddressesCommand({ NetworkInterfaceId: 'eni-1' });
    for (let n = 0; n < count; n += 1) await spending.send(command).catch(() => undefined);
  };
  const release = async (count: number): Promise<void> => {
    const command = new UnassignPrivateIpAddressesCommand({ NetworkInterfaceId: 'eni-1' });
    for (let n = 0; n < count; n += 1) await spending.send(command);
  };
  const throttle = (on: boolean): void => {
    throttles = on;
  };
  return { clock, budget, send, release, throttle };
}

describe('the call budget', () => {
  test('leaves ten of the hundred tokens to others, and refills by five a second', async () => {
    const { clock, budget, send } = start();
    expect(budget.waitFor({ [ASSIGN]: 90 })).toBe(0);
    await send(90);
    expect(budget.waitFor({ [ASSIGN]: 1 })).toBe(200);
    clock.advance(200);
    expect(budget.waitFor({ [ASSIGN]: 1 })).toBe(0);
  });

  test('has a bucket for each action', async () => {
    const { budget, send } = start();
    await send(90);
    expect(budget.waitFor({ UnassignPrivateIpAddresses: 90 })).toBe(0);
  });

  test('is refilled twice as fast while the other executions have nothing to do', async () => {
    const { clock, budget, send } = start({ writers: 4 });
    await send(22);
    clock.advance(4_000);
    expect(budget.times({ [ASSIGN]: 1 })).toBe(10.5);
    budget.crowded();
    clock.advance(4_000);
    expect(budget.times({ [ASSIGN]: 1 })).toBe(15.5);
  });

  test('is not so for a minute after EC2 throttled', async () => {
    const { clock, budget, send, throttle } = start({ writers: 4 });
    throttle(true);
    await send(1);
    throttle(false);
    clock.advance(10_000);
    expect(budget.times({ [ASSIGN]: 1 })).toBe(10 * 0.75 * 1.25 - 2.5);
  });

  test('is not so for releases, for which nobody waits', async () => {
    const { clock, budget, release } = start({ writers: 4 });
    await release(22);
    clock.advance(4_000);
    expect(budget.times({ UnassignPrivateIpAddresses: 1 })).toBe(5.5);
  });

  test('is shared by as many as may be at work', async () => {
    const { budget, send } = start({ writers: 5 });
    await send(18);
    expect(budget.waitFor({ [ASSIGN]: 1 })).toBe(1_000);
  });

  test('has as many calls as the account is known to have', async () => {
    const { budget, send } = start({ maxPerSecond: 50 });
    await send(900);
    expect(budget.waitFor({ [ASSIGN]: 1 })).toBe(20);
  });

  test('does not give what is reserved to somebody else, until it is given back', () => {
    const { budget } = start();
    const reserved = budget.reserve({ [ASSIGN]: 90 });
    expect(budget.waitFor({ [ASSIGN]: 1 })).toBeGreaterThan(0);
    expect(reserved.extend({ [ASSIGN]: 90 })).toBe(true);
    expect(reserved.extend({ [ASSIGN]: 91 })).toBe(false);
    reserved.end();
    expect(budget.waitFor({ [ASSIGN]: 90 })).toBe(0);
  });

  test('waits, and for longer, the more often EC2 throttles, but never more than ten seconds', async () => {
    const { clock, budget, send, throttle } = start();
    throttle(true);
    const waits: number[] = [];
    for (let n = 0; n < 20; n += 1) {
      await send(1);
      const wait = budget.waitFor({ [ASSIGN]: 1 });
      waits.push(wait);
      clock.advance(Math.max(wait, 1_001));
    }
    expect(waits[0]).toBeGreaterThanOrEqual(1_000);
    expect(Math.max(...waits.slice(1))).toBeGreaterThan(waits[0] ?? 0);
    expect(Math.max(...waits)).toBeLessThanOrEqual(10_000);
  });

  test('tries with one call at a time while EC2 answers nobody, and is itself again within ten seconds', async () => {
    const { clock, budget, send, throttle } = start();
    throttle(true);
    let sent = 0;
    for (const until = clock.now() + 600_000; clock.now() < until; ) {
      await send(1);
      sent += 1;
      clock.advance(budget.waitFor({ [ASSIGN]: 1 }));
    }
    expect(sent).toBeLessThan(90);
    throttle(false);
    await send(1);
    clock.advance(10_000);
    expect(budget.waitFor({ [ASSIGN]: 2 })).toBe(0);
    expect(budget.rate({ [ASSIGN]: 1 })).toBe(3.75);
  });

  test('finds its part where many others are at work, and does not grow while it is throttled', async () => {
    const { clock, budget, send, throttle } = start();
    for (let n = 0; n < 40; n += 1) {
      throttle(true);
      await send(1);
      throttle(false);
      clock.advance(Math.max(1_001, budget.waitFor({ [ASSIGN]: 1 })));
      await send(1);
    }
    expect(budget.rate({ [ASSIGN]: 1 })).toBe(0.25);
  });

  /** Sends as many calls as there are tokens. */
  const work = async ({ clock, send }: ReturnType<typeof start>, seconds: number) => {
    for (let n = 0; n < seconds * 5; n += 1) {
      clock.advance(200);
      await send(1);
    }
  };

  test('is as it was after 45 seconds in which work waited and nothing was throttled', async () => {
    const started = start();
    const { budget, send, throttle } = started;
    await send(90);
    throttle(true);
    await send(1);
    throttle(false);
    await work(started, 44);
    expect(budget.rate({ [ASSIGN]: 1 })).toBe(3.75);
    await work(started, 15);
    expect(budget.rate({ [ASSIGN]: 1 })).toBeCloseTo(5, 1);
  });

  test('tries more than AWS gives by default after three minutes of that', async () => {
    const started = start();
    const { budget, send } = started;
    await send(90);
    await work(started, 179);
    expect(budget.rate({ [ASSIGN]: 1 })).toBe(5);
    await work(started, 10);
    expect(budget.rate({ [ASSIGN]: 1 })).toBeGreaterThan(5);
  });

  test.each([
    { settings: { share: 0.5 }, most: 2.5 },
    { settings: { maxPerSecond: 8 }, most: 8 },
    { settings: { share: 0.5, maxPerSecond: 8 }, most: 4 },
  ])('tries no more than is said to be there: $settings', async ({ settings, most }) => {
    const started = start(settings);
    const { budget, send, throttle } = started;
    await send(200);
    await work(started, 300);
    expect(budget.rate({ [ASSIGN]: 1 })).toBe(most);
    throttle(true);
    await send(1);
    throttle(false);
    expect(budget.rate({ [ASSIGN]: 1 })).toBe(0.75 * most);
    await work(started, 60);
    expect(budget.rate({ [ASSIGN]: 1 })).toBe(most);
  });
});
