import {
  AssignPrivateIpAddressesCommand,
  DescribeNetworkInterfacesCommand,
} from '@aws-sdk/client-ec2';
import { describe, expect, test } from 'vitest';
import { virtualClock } from '../../../../sandbox/clock.ts';
import { type BudgetSettings, callBudget } from '../../../../shared/enis/call-budget.ts';
import type { Ec2 } from '../../../../shared/enis/ec2.ts';

const ASSIGN = 'AssignPrivateIpAddresses';

function start({
  writers = 1,
  wall = { ms: 0 },
  ...settings
}: Partial<BudgetSettings> & { readonly wall?: { readonly ms: number } } = {}) {
  const clock = virtualClock();
  const watched = { ...clock, now: () => clock.now() + wall.ms };
  const budget = callBudget({ clock: watched, writers, ...settings });
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
  const read = async (count: number): Promise<void> => {
    const command = new DescribeNetworkInterfacesCommand({});
    for (let n = 0; n < count; n += 1) await spending.send(command);
  };
  const throttle = (on: boolean): void => {
    throttles = on;
  };
  return { clock, budget, send, read, throttle };
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

  test('is all of it while the other executions have nothing to do', async () => {
    const { clock, budget, send } = start({ writers: 4 });
    await send(60);
    expect(budget.waitFor({ [ASSIGN]: 30 })).toBe(0);
    clock.advance(4_000);
    expect(budget.times({ [ASSIGN]: 1 })).toBe(90 - 60 + 4 * 5);
  });

  test('is a part of it while they have work too, and owes at most one part of what it borrowed', async () => {
    const { clock, budget, send } = start({ writers: 4 });
    await send(60);
    budget.crowded();
    expect(budget.times({ [ASSIGN]: 1 })).toBe(-22.5);
    clock.advance(4_000);
    expect(budget.times({ [ASSIGN]: 1 })).toBe(-22.5 + 4 * 1.25);
  });

  test('takes the others to have spent as much, once they have nothing to do any more', async () => {
    const { clock, budget, send } = start({ writers: 4 });
    budget.crowded();
    await send(22);
    clock.advance(5_000);
    expect(budget.times({ [ASSIGN]: 1 })).toBe(0.5 + 5 * 1.25);
    clock.advance(4_000);
    expect(budget.times({ [ASSIGN]: 1 })).toBe(4 * (0.5 + 5 * 1.25) + 4 * 5);
  });

  test('is a part of it for a minute after EC2 throttled', async () => {
    const { clock, budget, send, throttle } = start({ writers: 4 });
    throttle(true);
    await send(1);
    throttle(false);
    clock.advance(10_000);
    expect(budget.times({ [ASSIGN]: 1 })).toBe(10 * 0.75 * 1.25 - 2.5);
  });

  test('counts reads too, which have a bucket of their own', async () => {
    const { clock, budget, read, send } = start();
    await read(90);
    expect(budget.waitForRead()).toBe(50);
    expect(budget.waitFor({ [ASSIGN]: 1 })).toBe(50);
    clock.advance(50);
    await send(89);
    expect(budget.waitFor({ [ASSIGN]: 1 })).toBe(0);
  });

  test('has as many reads as AWS gives by default, whatever is known of the other calls', async () => {
    const { budget, read } = start({ maxPerSecond: 400, share: 0.5 });
    await read(45);
    expect(budget.waitForRead()).toBe(100);
  });

  test('is refilled by the time that passes, whatever is done to the time of day', async () => {
    const wall = { ms: 0 };
    const { clock, budget, send } = start({ wall });
    await send(90);
    wall.ms = -3_600_000;
    clock.advance(2_000);
    expect(budget.times({ [ASSIGN]: 1 })).toBe(10);
    expect(budget.rate({ [ASSIGN]: 1 })).toBe(5);
  });

  test('is shared by as many as may be at work', async () => {
    const { budget, send } = start({ writers: 5 });
    budget.crowded();
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
    const some = budget.reserve({ [ASSIGN]: 2 });
    expect(some.extend({ [ASSIGN]: 50 })).toBe(true);
    expect(budget.times({ [ASSIGN]: 1 })).toBe(40);
    some.end();
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

  test('finds its part if many others are at work, and does not grow while it is throttled', async () => {
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

  test('forgets in an hour of quiet what a neighbour took', async () => {
    const { clock, budget, send, throttle } = start();
    for (let n = 0; n < 20; n += 1) {
      throttle(true);
      await send(1);
      throttle(false);
      clock.advance(Math.max(1_001, budget.waitFor({ [ASSIGN]: 1 })));
      await send(1);
    }
    expect(budget.rate({ [ASSIGN]: 1 })).toBeLessThan(0.5);
    for (let minute = 0; minute < 60; minute += 1) {
      clock.advance(60_000);
      budget.waitFor({ [ASSIGN]: 1 });
    }
    expect(budget.rate({ [ASSIGN]: 1 })).toBe(5);
  });

  test('goes back to the rate that was good if it tried too much', async () => {
    const started = start();
    const { budget, send, throttle } = started;
    await send(90);
    throttle(true);
    await send(1);
    throttle(false);
    await work(started, 55);
    expect(budget.rate({ [ASSIGN]: 1 })).toBeGreaterThan(4);
    throttle(true);
    await send(1);
    throttle(false);
    expect(budget.rate({ [ASSIGN]: 1 })).toBe(3.75);
    // What was good once is no more: it is not gone back to for ever.
    started.clock.advance(2_000);
    await send(1);
    throttle(true);
    await send(1);
    throttle(false);
    expect(budget.rate({ [ASSIGN]: 1 })).toBe(0.75 * 3.75);
    await work(started, 20);
    throttle(true);
    await send(1);
    expect(budget.rate({ [ASSIGN]: 1 })).toBe(0.75 * 0.75 * 3.75);
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
