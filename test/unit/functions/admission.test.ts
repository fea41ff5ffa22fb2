import { setImmediate } from 'node:timers/promises';
import { AssignPrivateIpAddressesCommand } from '@aws-sdk/client-ec2';
import { describe, expect, test } from 'vitest';
import { createAdmission, NoBudgetError, type Turn } from '../../../functions/admission.ts';
import { virtualClock } from '../../../sandbox/clock.ts';
import { type Calls, callBudget } from '../../../shared/enis/call-budget.ts';
import type { Ec2 } from '../../../shared/enis/ec2.ts';

const ASSIGN: Calls = { AssignPrivateIpAddresses: 2 };
const UNASSIGN: Calls = { UnassignPrivateIpAddresses: 2 };

/** An EC2 that has a token for every call. */
const answering = { send: async () => ({}) } as unknown as Ec2;

function start(writers = 6) {
  const clock = virtualClock();
  const budget = callBudget({ clock, writers });
  const admission = createAdmission(clock, budget);
  const admitted: string[] = [];
  const turns: Turn[] = [];
  const ask = (name: string, calls: Calls, since = clock.now()): void => {
    admission.admit({ calls, since }).then(
      (turn) => {
        admitted.push(name);
        turns.push(turn);
      },
      (error: unknown) => admitted.push(`${name}: ${error instanceof NoBudgetError}`),
    );
  };
  const pass = async (ms = 0): Promise<void> => {
    await setImmediate();
    clock.advance(ms);
    await setImmediate();
  };
  const { delivered } = admission;
  const spending = budget.spending(answering);
  const send = () =>
    spending.send(new AssignPrivateIpAddressesCommand({ NetworkInterfaceId: 'eni' }));
  return { clock, admitted, turns, ask, pass, delivered, send };
}

describe('a node is admitted', () => {
  /** Nodes that get one address each, two a second; how many had to wait. */
  const oneAfterAnother = async (nodesOfABatch: number): Promise<number> => {
    const { admitted, turns, ask, pass, delivered, send } = start(4);
    let late = 0;
    for (let n = 0; n < 200; n += 1) {
      delivered(nodesOfABatch);
      ask(`n${n}`, ASSIGN);
      await pass();
      if (!admitted.includes(`n${n}`)) late += 1;
      await pass(500);
      await send();
      for (const turn of turns.splice(0)) turn.end();
    }
    return late;
  };

  test('at once in a quiet account, also if one execution has all of its nodes', async () => {
    expect(await oneAfterAnother(1)).toBe(0);
  });

  test('at once if it is alone, although it has more ENIs than the execution’s part has calls', async () => {
    const { admitted, turns, ask, pass, delivered, send } = start(40);
    for (let n = 0; n < 10; n += 1) {
      delivered(1);
      ask(`n${n}`, { AssignPrivateIpAddresses: 14 });
      await pass();
      expect(admitted).toContain(`n${n}`);
      for (let call = 0; call < 14; call += 1) await send();
      for (const turn of turns.splice(0)) turn.end();
      await pass(10_000);
    }
  });

  test('before those that are younger and need less, once it is the oldest of its kind', async () => {
    const { clock, admitted, ask, pass, delivered, send } = start(1);
    delivered(2);
    for (let call = 0; call < 89; call += 1) await send();
    const now = clock.now();
    ask('large', { UnassignPrivateIpAddresses: 1, AssignPrivateIpAddresses: 4 }, now - 10_000);
    ask('small', { UnassignPrivateIpAddresses: 1, AssignPrivateIpAddresses: 1 }, now - 9_000);
    await pass();
    expect(admitted).toEqual([]);
    await pass(600);
    expect(admitted).toEqual(['large']);
  });

  test('before all who are younger, whatever they need, once its news is old', async () => {
    const { clock, admitted, turns, ask, pass, delivered, send } = start(1);
    delivered(2);
    for (let call = 0; call < 90; call += 1) await send();
    const BOTH = { AssignPrivateIpAddresses: 4, UnassignPrivateIpAddresses: 4 };
    ask('both', BOTH, clock.now() - 19_000);
    for (let n = 0; n < 40 && !admitted.includes('both'); n += 1) {
      // Two calls of each become free every 400 ms, and there is always somebody to take them.
      ask(`n${n}`, ASSIGN, clock.now() - 5_000);
      await pass(400);
      for (const turn of turns.splice(0)) {
        for (let call = 0; call < 2; call += 1) await send();
        turn.end();
      }
    }
    expect(admitted.slice(0, 8)).toContain('both');
  });

  test('whatever the clock of the one who told of it says', async () => {
    const { clock, admitted, ask, pass, delivered } = start();
    delivered(3);
    for (const name of ['a', 'b', 'c']) ask(name, ASSIGN, clock.now() + 180_000);
    await pass(2_500);
    expect(admitted).toEqual(['a', 'b', 'c']);
  });

  test('within its execution’s part, if the others have nodes too', async () => {
    expect(await oneAfterAnother(3)).toBeGreaterThan(50);
  });

  test('at once if it only looks, or if the budget is full', async () => {
    const { admitted, ask, pass } = start();
    ask('look', {});
    ask('add', ASSIGN);
    await pass();
    expect(admitted).toEqual(['look', 'add']);
  });

  test('with many others once what they change is complete, as the budget would not do for twice', async () => {
    const { admitted, ask, pass, delivered } = start();
    delivered(3);
    for (const name of ['a', 'b', 'c']) ask(name, ASSIGN);
    await pass(2_400);
    expect(admitted).toEqual([]);
    await pass(100);
    expect(admitted).toEqual(['a', 'b', 'c']);
  });

  test('after those that have waited for longer', async () => {
    const { clock, admitted, ask, pass } = start();
    const now = clock.now();
    ask('young', UNASSIGN, now - 1_000);
    ask('old', UNASSIGN, now - 2_000);
    await pass();
    expect(admitted).toEqual(['old', 'young']);
  });

  test('without waiting for those that need the tokens of another action', async () => {
    const { admitted, ask, pass, delivered } = start();
    delivered(10);
    for (let n = 0; n < 9; n += 1) ask(`n${n}`, UNASSIGN);
    ask('add', ASSIGN);
    await pass();
    expect(admitted).toContain('add');
    expect(admitted).toHaveLength(8);
  });

  test('as soon as another gives back what it did not send', async () => {
    const { admitted, turns, ask, pass, delivered } = start();
    delivered(8);
    for (let n = 0; n < 8; n += 1) ask(`n${n}`, UNASSIGN);
    await pass();
    expect(admitted).toHaveLength(7);
    turns[0]?.end();
    await pass();
    expect(admitted).toHaveLength(8);
  });

  test.each([
    ['half a minute', ASSIGN, 30_000],
    ['two seconds, if nobody waits for what it does', UNASSIGN, 2_000],
  ] as const)('by another execution if its turn does not come within %s', async (_, calls, ms) => {
    const { clock, admitted, ask, pass } = start();
    for (let n = 0; n < 60; n += 1) ask(`n${n}`, calls, clock.now() + n);
    await pass(ms - 1_000);
    expect(admitted.filter((name) => name.endsWith('true'))).toEqual([]);
    await pass(1_000);
    expect(admitted).toContain('n59: true');
  });
});
