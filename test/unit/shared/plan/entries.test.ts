import { describe, expect, it } from 'vitest';
import type { Entry } from '../../../../shared/cluster/ledgers.ts';
import { entryFor, outdatedEntries, withChanges } from '../../../../shared/plan/entries.ts';
import type { Keep } from '../../../../shared/plan/verdict.ts';
import { address, claim, entry, eth1, planInput, planOf, pod } from './fixtures.ts';

const [X, Y] = [address('172.16.1.70'), address('172.16.1.71')];
const READ = 1_000_000_000;
const MINUTE = 60_000;

/** What becomes of an entry whose address is, or is not, shown and claimed, some time before the read. */
function outdated(
  text: string,
  { age = 0, shown = false, claimed = false, now = READ + 500 } = {},
): string {
  const given = entry(text);
  if (given === undefined) throw new Error(`${text} is no entry`);
  const entries = new Map([[X, { ...given, at: READ - age }]]);
  const changes = outdatedEntries({ eniId: 'eni-1', entries }, eth1(shown ? [X] : []), {
    now,
    enisReadAt: READ,
    isClaimed: () => claimed,
  });
  if (!changes.has(X)) return 'stays';
  const changed = changes.get(X);
  return changed === undefined ? 'goes' : `${changed.state} ${changed.pod?.name} at ${changed.at}`;
}

describe('an entry that nobody claims and EC2 does not show', () => {
  it.each(['assigned p', 'assigning p'])('%s becomes a tombstone of its pod (rule L8)', (text) => {
    expect(outdated(text)).toBe(`releasing p at ${READ + 500}`);
    expect(outdated(text, { age: 60 * MINUTE })).toBe(`releasing p at ${READ + 500}`);
  });

  it('stays as a tombstone for two minutes before the read, however late it is now (rule L9)', () => {
    const late = { now: READ + 60 * MINUTE };
    expect(outdated('releasing p', { age: 2 * MINUTE, ...late })).toBe('stays');
    expect(outdated('releasing p', { age: 2 * MINUTE + 1 })).toBe('goes');
    expect(outdated('releasing p', { age: 60 * MINUTE })).toBe('goes');
  });

  it('stays as a tombstone that was written after the read, and one of a clock that is ahead', () => {
    expect(outdated('releasing p', { age: -1 })).toBe('stays');
    expect(outdated('releasing p', { age: -60 * MINUTE })).toBe('stays');
  });
});

describe('an entry is not out of date', () => {
  const old = { age: 60 * MINUTE };

  it.each(['assigned p', 'assigning p', 'releasing p'])(
    'if EC2 shows its address, which then is to be released: %s',
    (text) => {
      expect(outdated(text, { ...old, shown: true })).toBe('stays');
    },
  );

  it.each(['assigned p', 'assigning p', 'releasing p'])(
    'if a live pod claims its address, as the read may be an old one: %s',
    (text) => {
      expect(outdated(text, { ...old, claimed: true })).toBe('stays');
    },
  );
});

describe('what is written before EC2 is asked', () => {
  const keep = (written: string, terminating = false): Keep => {
    const input = planInput({
      enis: [eth1([X])],
      written: { 'eni-1': { [X]: written } },
      pods: [pod('p', [claim(X)], { terminating })],
    });
    const [verdict] = planOf(input).verdicts;
    if (verdict?.want !== 'keep') throw new Error('it is not kept');
    return verdict;
  };

  it('turns no entry back that is assigned for its pod (rule L6)', () => {
    const assigned = entry('assigned p');
    const verdict = { ...keep('assigned p'), again: true };
    expect(entryFor(verdict, assigned, 1)).toBeUndefined();
    expect(
      entryFor({ ...verdict, want: 'assign', rivals: [], needsRoom: false }, assigned, 1),
    ).toBeUndefined();
  });

  it('makes no entry assigned for a terminating pod that another one had', () => {
    expect(entryFor(keep('assigning q', true), entry('assigning q'), 1)).toBeUndefined();
    expect(entryFor(keep('releasing q', true), entry('releasing q'), 1)).toBeUndefined();
    expect(entryFor(keep('assigned q', true), entry('assigned q'), 1)).toMatchObject({
      state: 'assigned',
      at: 1,
      pod: { name: 'p' },
    });
  });

  it('is nothing for an address within a delegated prefix', () => {
    expect(entryFor({ ...keep('none'), withinPrefix: true }, undefined, 1)).toBeUndefined();
  });

  it('keeps in a tombstone the pod that had the address', () => {
    const release = { want: 'release', address: X, eniId: 'eni-1' } as const;
    expect(entryFor(release, entry('assigned p'), 7)).toEqual({
      state: 'releasing',
      at: 7,
      pod: { namespace: 'default', name: 'p', uid: 'uid-p' },
    });
    expect(entryFor(release, undefined, 7)).toEqual({ state: 'releasing', at: 7 });
  });
});

it('changes put entries in the place of others, and take some away', () => {
  const given: Entry = { state: 'assigned', at: 0 };
  const entries = new Map([
    [X, given],
    [Y, given],
  ]);
  const [Z, newer] = [address('172.16.1.72'), entry('assigned q')];
  const after = withChanges(
    entries,
    new Map([
      [X, undefined],
      [Z, newer],
    ]),
  );
  expect([...after]).toEqual([
    [Y, given],
    [Z, newer],
  ]);
  expect([...entries.keys()]).toEqual([X, Y]);
});
