import { describe, expect, it } from 'vitest';
import { outdatedEntries } from '../../../../shared/plan/entries.ts';
import { correctedBy } from '../../../../shared/plan/ledger.ts';
import { address, entry, eth1 } from './fixtures.ts';

/* Rule L17 of docs/design.md: what EC2 has just answered counts for more than what a read shows. */

const X = address('172.16.1.70');
const READ = 1_000_000_000;
const SECOND = 1_000;

/** The addresses of an ENI that a read shows with X or without, by its ledger's entry of some time before. */
function corrected(text: string, age: number, shown: boolean): readonly string[] {
  const given = entry(text);
  if (given === undefined) throw new Error(`${text} is no entry`);
  const eni = eth1(shown ? [X] : []);
  const ledger = { eniId: eni.id, entries: new Map([[X, { ...given, at: READ - age }]]) };
  const [only] = correctedBy({ of: () => ({ kind: 'ledger', ledger }) }, [eni], READ);
  return only?.secondary ?? [];
}

describe('an address that a read does not show', () => {
  it('is there if EC2 took it within fifteen seconds before the read, or later', () => {
    for (const age of [-SECOND, 0, 15 * SECOND]) {
      expect(corrected('assigned p', age, false)).toEqual([X]);
    }
  });

  it('is not there if EC2 took it earlier, or was only asked', () => {
    expect(corrected('assigned p', 15 * SECOND + 1, false)).toEqual([]);
    expect(corrected('assigning p', 0, false)).toEqual([]);
  });
});

describe('an address that a read shows', () => {
  it('is gone if EC2 let go of it within fifteen seconds before the read, or later', () => {
    for (const age of [-SECOND, 0, 15 * SECOND]) {
      expect(corrected('released p', age, true)).toEqual([]);
    }
  });

  it('is there if EC2 let go of it earlier, or was only asked', () => {
    expect(corrected('released p', 15 * SECOND + 1, true)).toEqual([X]);
    expect(corrected('releasing p', 0, true)).toEqual([X]);
  });
});

/** What becomes of the entry of an address that EC2 let go of this long before the read. */
function changesAfter(age: number) {
  const entries = new Map([[X, { state: 'released', at: READ - age } as const]]);
  const basis = { now: READ, enisReadAt: READ, isClaimed: () => false };
  return outdatedEntries({ eniId: 'eni-1', entries }, eth1(), basis);
}

it('what EC2 let go of stays a tombstone as it is, and goes after two minutes (rules L2 and L9)', () => {
  expect([...changesAfter(120 * SECOND)]).toEqual([]);
  expect([...changesAfter(121 * SECOND)]).toEqual([[X, undefined]]);
});
