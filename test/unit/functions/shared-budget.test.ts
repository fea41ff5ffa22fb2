import { setImmediate } from 'node:timers/promises';
import { AssignPrivateIpAddressesCommand } from '@aws-sdk/client-ec2';
import { describe, expect, test } from 'vitest';
import { sharedBuckets } from '../../../functions/shared-budget.ts';
import { virtualClock } from '../../../sandbox/clock.ts';
import { createTables } from '../../../sandbox/dynamodb/table.ts';
import type { TableAnswer } from '../../../shared/enis/bookings.ts';
import { type BudgetSettings, callBudget } from '../../../shared/enis/call-budget.ts';
import type { Ec2 } from '../../../shared/enis/ec2.ts';
import { sleep } from '../../../shared/time/clock.ts';

const ASSIGN = 'AssignPrivateIpAddresses';
const TABLE = 'budget';
/** There and back. */
const ANSWER_MS = 8;

/** Executions that share a table. */
function account(settings: Partial<BudgetSettings> = {}) {
  const clock = virtualClock();
  const tables = createTables();
  tables.create(TABLE, 'action');
  const table = { answersAfterMs: ANSWER_MS, date: undefined as number | undefined, asked: 0 };
  const updateItem = async (input: object, signal: AbortSignal): Promise<TableAnswer> => {
    table.asked += 1;
    const answer = tables.updateItem(structuredClone(input));
    await sleep(clock, table.answersAfterMs, signal);
    return { ...answer, ...(table.date !== undefined && { date: table.date }) };
  };
  const failures: string[] = [];
  const metrics: string[] = [];
  const telemetry = {
    warn: (_: string, __: unknown, detail?: object) => void failures.push(JSON.stringify(detail)),
    metric: (name: string, cluster: string) => void metrics.push(`${name} ${cluster}`),
  };
  /** @param aheadMs how far its own clock is ahead. */
  const execution = (aheadMs = 0) => {
    const own = { ...clock, now: () => clock.now() + aheadMs };
    let throttles = false;
    const ec2: Ec2 = {
      async send() {
        if (throttles) throw Object.assign(new Error('slow'), { name: 'RequestLimitExceeded' });
        return {};
      },
    } as unknown as Ec2;
    const budget = callBudget({
      ...{ clock: own, writers: 4, ...settings },
      bucketOf: sharedBuckets(TABLE, updateItem, { clock: own, telemetry }),
    });
    const spending = budget.spending(ec2);
    const send = async (count: number): Promise<void> => {
      const command = new AssignPrivateIpAddressesCommand({ NetworkInterfaceId: 'eni-1' });
      for (let n = 0; n < count; n += 1) await spending.send(command).catch(() => undefined);
    };
    return {
      budget,
      send,
      /** Books calls, and waits for the answer. @returns when they may be sent, ms from now. */
      async book(count: number): Promise<number> {
        budget.want({ [ASSIGN]: count });
        // What is not known, or was changed by somebody else, is asked for again.
        for (let answer = 0; answer < 3; answer += 1) await pass(table.answersAfterMs);
        return budget.waitFor({ [ASSIGN]: count });
      },
      throttle(on: boolean): void {
        throttles = on;
      },
    };
  };
  const pass = async (ms: number): Promise<void> => {
    await setImmediate();
    clock.advance(ms);
    await setImmediate();
    await setImmediate();
  };
  const spentUntil = (): number => tables.item(TABLE, ASSIGN)?.spentUntil ?? Number.NaN;
  return { clock, tables, table, execution, pass, failures, metrics, spentUntil };
}

describe('executions that share a table', () => {
  test('have ninety calls together, and then five a second, in the order in which they booked', async () => {
    const { execution } = account();
    const [first, second, third] = [execution(), execution(), execution()];
    expect(await first.book(60)).toBe(0);
    expect(await second.book(30)).toBe(0);
    // What came while the table answered is a part of a call.
    expect(await third.book(1)).toBeGreaterThan(100);
    expect(await first.book(62)).toBeGreaterThan(400);
  });

  test('send what one booked without asking again', async () => {
    const { execution, table } = account();
    const one = execution();
    await one.book(4);
    const { asked } = table;
    const turn = one.budget.reserve({ [ASSIGN]: 2 });
    await one.send(2);
    turn.end();
    expect(one.budget.waitFor({ [ASSIGN]: 2 })).toBe(0);
    one.budget.want({ [ASSIGN]: 2 });
    expect(table.asked).toBe(asked);
  });

  test('book nothing twice while what is reserved is being sent', async () => {
    const { execution, table } = account();
    const one = execution();
    await one.book(2);
    const turn = one.budget.reserve({ [ASSIGN]: 2 });
    await one.send(2);
    expect(await one.book(2)).toBe(0);
    const { asked } = table;
    one.budget.want({ [ASSIGN]: 2 });
    expect(table.asked).toBe(asked);
    turn.end();
    expect(one.budget.waitFor({ [ASSIGN]: 2 })).toBe(0);
  });

  test('save up no more than ninety calls', async () => {
    const { execution, pass } = account();
    await execution().book(90);
    await pass(3_600_000);
    expect(await execution().book(90)).toBe(0);
    expect(await execution().book(1)).toBeGreaterThan(100);
  });

  test('share the part that the configuration gives them', async () => {
    const { execution } = account({ share: 0.5 });
    expect(await execution().book(45)).toBe(0);
    expect(await execution().book(1)).toBeGreaterThan(300);
  });

  test('use what the configuration says that the account has', async () => {
    const { execution } = account({ maxPerSecond: 50 });
    expect(await execution().book(900)).toBe(0);
    expect(await execution().book(10)).toBeGreaterThan(100);
  });

  test('do not book farther ahead than ten seconds, and ask again by turns', async () => {
    const { execution, table, pass, failures } = account();
    await execution().book(90);
    await execution().book(60);
    const late = execution();
    expect(await late.book(2)).toBeGreaterThan(1_900);
    const { asked } = table;
    late.budget.want({ [ASSIGN]: 2 });
    expect(table.asked).toBe(asked);
    await pass(7_000);
    await late.book(2);
    expect(table.asked).toBe(asked + 1);
    expect(failures).toEqual([]);
  });

  test('give back what is not needed if others wait for it', async () => {
    const { execution, pass, spentUntil } = account();
    await execution().book(90);
    const one = execution();
    await one.book(2);
    const before = spentUntil();
    await execution().book(2);
    await pass(400);
    one.budget.idle();
    await pass(ANSWER_MS);
    expect(spentUntil()).toBe(before);
  });

  test('all have less after EC2 throttled one of them, and as much as before some time later', async () => {
    const { execution, pass } = account();
    const [one, other] = [execution(), execution()];
    await one.book(2);
    one.throttle(true);
    await one.send(1);
    await pass(ANSWER_MS);
    await pass(ANSWER_MS);
    expect(await other.book(1)).toBeGreaterThan(2_000);
    expect(other.budget.rate({ [ASSIGN]: 1 })).toBe(3.75);
    await pass(60_000);
    await other.book(1);
    expect(other.budget.rate({ [ASSIGN]: 1 })).toBe(5);
  });

  test('lower the rate once for what EC2 tells several of them at the same time', async () => {
    const { execution, pass } = account();
    const all = [execution(), execution(), execution()];
    for (const each of all) await each.book(2);
    for (const each of all) each.throttle(true);
    await Promise.all(all.map((each) => each.send(1)));
    await pass(ANSWER_MS);
    await pass(ANSWER_MS);
    await all[0]?.book(1);
    expect(all[0]?.budget.rate({ [ASSIGN]: 1 })).toBe(3.75);
  });
});

describe('where the table fails', () => {
  test('an execution goes on alone after a tenth of a second, and tells of it', async () => {
    const { execution, table, pass, failures } = account();
    table.answersAfterMs = 60_000;
    const { budget } = execution();
    let changes = 0;
    budget.onChange(() => {
      changes += 1;
    });
    budget.want({ [ASSIGN]: 2 });
    expect(budget.waitFor({ [ASSIGN]: 2 })).toBe(100);
    await pass(100);
    expect({ failures: failures.length, changes }).toEqual({ failures: 1, changes: 1 });
    // As far as it knows it is alone.
    expect(budget.waitFor({ [ASSIGN]: 22 })).toBe(0);
    budget.reserve({ [ASSIGN]: 90 });
    expect(budget.waitFor({ [ASSIGN]: 1 })).toBeGreaterThan(0);
  });

  test('it is asked again, more and more seldom, and used as soon as it answers', async () => {
    const { execution, table, tables, pass } = account();
    tables.remove(TABLE);
    const one = execution();
    let asked = 0;
    for (let second = 0; second < 300; second += 1) {
      await one.book(2);
      await pass(1_000);
      asked = table.asked;
    }
    expect(asked).toBeLessThan(15);
    tables.create(TABLE, 'action');
    await pass(60_000);
    await one.book(2);
    expect(one.budget.waitFor({ [ASSIGN]: 2 })).toBe(0);
    expect(tables.item(TABLE, ASSIGN)).toBeDefined();
  });

  test('one execution that works is enough for the alarm: more than three failures in each five minutes', async () => {
    const { execution, tables, pass, metrics } = account();
    tables.remove(TABLE);
    const one = execution();
    for (let minutes = 0; minutes < 15; minutes += 5) {
      metrics.length = 0;
      for (let second = 0; second < 300; second += 1) {
        await one.book(2);
        await pass(1_000);
      }
      expect(metrics.length).toBeGreaterThan(3);
      expect(new Set(metrics)).toEqual(new Set(['BudgetTableFailures all']));
    }
  });

  test('an item that was deleted begins anew, with all that can be saved up', async () => {
    const { execution, tables } = account();
    await execution().book(90);
    tables.delete(TABLE, ASSIGN);
    expect(await execution().book(90)).toBe(0);
    expect(await execution().book(1)).toBeGreaterThan(100);
  });

  test('an item that is booked for an hour is wrong, and begins anew', async () => {
    const { execution, tables, clock } = account();
    tables.put(TABLE, ASSIGN, { spentUntil: clock.now() + 3_600_000 });
    const one = execution();
    await one.book(2);
    expect(await one.book(2)).toBe(0);
  });

  test('an answer that is none is a failure, and no pod waits for another', async () => {
    const { execution, tables, failures } = account();
    tables.put(TABLE, ASSIGN, { spentUntil: Number.NaN });
    const one = execution();
    await one.book(2);
    expect(failures.length).toBeGreaterThan(0);
    expect(one.budget.waitFor({ [ASSIGN]: 2 })).toBe(0);
  });

  test('a clock that is ten minutes ahead books by that of the table', async () => {
    const { execution, table, clock, spentUntil } = account();
    table.date = clock.now();
    const ahead = execution(600_000);
    expect(await ahead.book(90)).toBe(0);
    // An HTTP date leaves out the part of the second.
    expect(Math.abs(spentUntil() - clock.now())).toBeLessThan(1_500);
    expect(await execution().book(1)).toBeLessThan(1_500);
  });
});
