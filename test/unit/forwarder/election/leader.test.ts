import { setImmediate } from 'node:timers/promises';
import { describe, expect, test } from 'vitest';
import {
  ELECTION_TIMES,
  type Election,
  joinElection,
} from '../../../../forwarder/election/leader.ts';
import type { Lease, Leases } from '../../../../forwarder/election/leases.ts';
import { virtualClock } from '../../../../sandbox/clock.ts';

/** A Lease that several replicas share, as an API server keeps it. */
function sharedLease() {
  let stored: Lease | undefined;
  let version = 0;
  const unreachable = new Set<string>();
  let loseAnswers = false;

  const leases = (who: string): Leases => {
    const reach = (): void => {
      if (unreachable.has(who)) throw new Error('no route to the API server');
    };
    return {
      async get() {
        reach();
        return stored;
      },
      async write(record, over) {
        reach();
        if (stored?.resourceVersion !== over?.resourceVersion) return undefined;
        version += 1;
        stored = { ...record, resourceVersion: String(version) };
        if (loseAnswers) throw new Error('the answer was lost');
        return stored;
      },
    };
  };
  return {
    leases,
    unreachable,
    stored: () => stored,
    remove: () => {
      stored = undefined;
    },
    loseAnswers: (lose: boolean) => {
      loseAnswers = lose;
    },
  };
}

function bed() {
  const clock = virtualClock();
  const lease = sharedLease();
  const history: string[] = [];
  /** How long each leaves a free Lease to others, ms. */
  const reluctance = new Map<string, number>();
  const join = (who: string): Election =>
    joinElection({
      leases: lease.leases(who),
      identity: who,
      clock,
      random: () => 0,
      times: ELECTION_TIMES,
      reluctance: () => reluctance.get(who) ?? 0,
      onElected: () => history.push(`${who} leads`),
      onLost: () => history.push(`${who} lost`),
      onError: () => {},
    });
  const pass = async (ms: number): Promise<void> => {
    for (let passed = 0; passed < ms; passed += 500) {
      await setImmediate();
      clock.advance(500);
    }
    await setImmediate();
  };
  return { lease, history, reluctance, join, pass };
}

describe('of two replicas', () => {
  test('one leads, for as long as it renews', async () => {
    const { join, pass, history } = bed();
    const a = join('a');
    await pass(500);
    const b = join('b');
    await pass(120_000);
    expect(history).toEqual(['a leads']);
    expect([a.leading(), b.leading()]).toEqual([true, false]);
  });

  test('the other takes over when the Lease of one that died runs out', async () => {
    const { join, pass, history, lease } = bed();
    const a = join('a');
    await pass(500);
    join('b');
    await pass(10_000);
    a.abandon();
    await pass(12_000);
    expect(history).toEqual(['a leads', 'a lost']);
    await pass(6_000);
    expect(history).toEqual(['a leads', 'a lost', 'b leads']);
    expect(lease.stored()).toMatchObject({ holder: 'b', transitions: 1, durationSeconds: 15 });
  });

  test('the other takes over at once when the Lease is released', async () => {
    const { join, pass, history, lease } = bed();
    const a = join('a');
    await pass(500);
    join('b');
    await pass(10_000);
    await a.release();
    expect(lease.stored()?.holder).toBe('');
    await pass(2_500);
    expect(history).toEqual(['a leads', 'a lost', 'b leads']);
  });

  test('one that can not renew stops leading before the other begins', async () => {
    const { join, pass, history, lease } = bed();
    join('a');
    await pass(500);
    join('b');
    await pass(10_000);
    lease.unreachable.add('a');
    await pass(9_000);
    expect(history).toEqual(['a leads']);
    await pass(11_000);
    expect(history).toEqual(['a leads', 'a lost', 'b leads']);
    lease.unreachable.delete('a');
    await pass(60_000);
    expect(history).toHaveLength(3);
  });
});

describe('a leader', () => {
  test('stays one when the answers to its renewals are lost for a while', async () => {
    const { join, pass, history, lease } = bed();
    const a = join('a');
    await pass(5_000);
    lease.loseAnswers(true);
    await pass(6_000);
    lease.loseAnswers(false);
    await pass(30_000);
    expect(a.leading()).toBe(true);
    expect(history).toEqual(['a leads']);
  });

  test('stays one when its Lease is deleted: it writes another', async () => {
    const { join, pass, history, lease } = bed();
    join('a');
    await pass(5_000);
    lease.remove();
    await pass(5_000);
    expect(history).toEqual(['a leads']);
    expect(lease.stored()?.holder).toBe('a');
  });

  test('does not judge by the clock of another machine', async () => {
    const { join, pass, history, lease } = bed();
    const longAgo = '2001-01-01T00:00:00.000000Z';
    const record = {
      durationSeconds: 15,
      transitions: 0,
      acquireTime: longAgo,
      renewTime: longAgo,
    };
    await lease.leases('c').write({ ...record, holder: 'c' }, undefined, AbortSignal.any([]));
    join('a');
    await pass(14_000);
    expect(history).toEqual([]);
    await pass(4_000);
    expect(history).toEqual(['a leads']);
  });
});

describe('a leader that gives the Lease up', () => {
  test('is followed at once by the other, and goes on taking part', async () => {
    const { join, pass, history, lease, reluctance } = bed();
    const a = join('a');
    await pass(500);
    const b = join('b');
    await pass(10_000);
    reluctance.set('a', 15_000);
    a.resign();
    expect(a.leading()).toBe(false);
    await pass(3_000);
    expect(history).toEqual(['a leads', 'a lost', 'b leads']);
    reluctance.delete('a');
    b.resign();
    reluctance.set('b', 15_000);
    await pass(3_000);
    expect(history.slice(3)).toEqual(['b lost', 'a leads']);
    expect(lease.stored()).toMatchObject({ holder: 'a' });
  });

  test('leads again if nobody else wants to, once it has left the Lease to others for long enough', async () => {
    const { join, pass, history, reluctance } = bed();
    const a = join('a');
    await pass(10_000);
    reluctance.set('a', 15_000);
    a.resign();
    await pass(14_000);
    expect(history).toEqual(['a leads', 'a lost']);
    await pass(5_000);
    expect(history).toEqual(['a leads', 'a lost', 'a leads']);
    await pass(60_000);
    expect(history).toHaveLength(3);
  });

  test('never leads while it leaves the Lease to others for ever', async () => {
    const { join, pass, history, reluctance } = bed();
    const a = join('a');
    await pass(10_000);
    reluctance.set('a', Number.POSITIVE_INFINITY);
    a.resign();
    await pass(600_000);
    expect(history).toEqual(['a leads', 'a lost']);
    reluctance.delete('a');
    await pass(3_000);
    expect(history).toEqual(['a leads', 'a lost', 'a leads']);
  });

  test('leaves it to run out if it cannot write it', async () => {
    const { join, pass, history, reluctance, lease } = bed();
    const a = join('a');
    await pass(500);
    join('b');
    await pass(10_000);
    lease.unreachable.add('a');
    reluctance.set('a', 15_000);
    a.resign();
    await pass(20_000);
    expect(history).toEqual(['a leads', 'a lost', 'b leads']);
    lease.unreachable.delete('a');
    await pass(60_000);
    expect(history).toHaveLength(3);
    expect(lease.stored()).toMatchObject({ holder: 'b' });
  });
});
