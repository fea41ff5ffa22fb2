import { describe, expect, it } from 'vitest';
import { releaseMemory } from '../../../../functions/reconcile/release-memory.ts';
import { parseAddress } from '../../../../shared/address.ts';

const MINUTE_MS = 60_000;
const PLACEMENT = { address: addressOf('172.16.1.70'), eniId: 'eni-1' };
const NOBODY: ReadonlySet<string> = new Set();
const pods = (...uids: string[]): ReadonlySet<string> => new Set(uids);

describe('an address that was seen to be gone need not be released again', () => {
  it('where its claim had ended long before', () => {
    const memory = releaseMemory(15 * MINUTE_MS);
    memory.record({ at: 10_000, pods: NOBODY, absent: [PLACEMENT] });
    expect(memory.covers(PLACEMENT, { at: 4_000, pods: [] })).toBe(true);
  });

  it('where its pod was there before and no longer by then, however close the times are', () => {
    const memory = releaseMemory(15 * MINUTE_MS);
    memory.record({ at: 1_000, pods: pods('p1'), absent: [] });
    memory.record({ at: 2_000, pods: NOBODY, absent: [PLACEMENT] });
    expect(memory.covers(PLACEMENT, { at: 2_000, pods: ['p1'] })).toBe(true);
  });
});

describe('an address that was seen to be gone is released again', () => {
  it('where its claim ended at about that time, and nothing is known of its pod', () => {
    const memory = releaseMemory(15 * MINUTE_MS);
    memory.record({ at: 10_000, pods: NOBODY, absent: [PLACEMENT] });
    expect(memory.covers(PLACEMENT, { at: 9_000, pods: ['p1'] })).toBe(false);
    expect(memory.covers(PLACEMENT, { at: 9_000, pods: [] })).toBe(false);
  });

  it('where its pod was still there: it may have claimed the address once more', () => {
    const memory = releaseMemory(15 * MINUTE_MS);
    memory.record({ at: 1_000, pods: pods('p1'), absent: [PLACEMENT] });
    memory.record({ at: 2_000, pods: NOBODY, absent: [] });
    expect(memory.covers(PLACEMENT, { at: 2_000, pods: ['p1'] })).toBe(false);
  });

  it('where its pod came after that', () => {
    const memory = releaseMemory(15 * MINUTE_MS);
    memory.record({ at: 1_000, pods: pods('p1'), absent: [] });
    memory.record({ at: 2_000, pods: NOBODY, absent: [PLACEMENT] });
    memory.record({ at: 3_000, pods: pods('p2'), absent: [] });
    expect(memory.covers(PLACEMENT, { at: 3_000, pods: ['p2'] })).toBe(false);
    expect(memory.covers(PLACEMENT, { at: 3_000, pods: ['p1', 'p2'] })).toBe(false);
  });

  it('where it has been assigned since', () => {
    const memory = releaseMemory(15 * MINUTE_MS);
    memory.record({ at: 1_000, pods: pods('p1'), absent: [] });
    memory.record({ at: 2_000, pods: NOBODY, absent: [PLACEMENT] });
    memory.forget([PLACEMENT]);
    expect(memory.covers(PLACEMENT, { at: 2_000, pods: ['p1'] })).toBe(false);
  });

  it('where it was gone from another ENI', () => {
    const memory = releaseMemory(15 * MINUTE_MS);
    memory.record({ at: 10_000, pods: NOBODY, absent: [PLACEMENT] });
    expect(memory.covers({ ...PLACEMENT, eniId: 'eni-2' }, { at: 0, pods: [] })).toBe(false);
  });

  it('where that is longer ago than messages may name addresses', () => {
    const memory = releaseMemory(15 * MINUTE_MS);
    memory.record({ at: 10_000, pods: NOBODY, absent: [PLACEMENT] });
    memory.record({ at: 10_001 + 15 * MINUTE_MS, pods: NOBODY, absent: [] });
    expect(memory.covers(PLACEMENT, { at: 0, pods: [] })).toBe(false);
  });
});

function addressOf(text: string) {
  const address = parseAddress(text);
  if (address === undefined) throw new Error(`${text} is no address`);
  return address;
}

describe('a read that shows an address which was seen to be gone', () => {
  it('is contradicted until the address is known to be there again', () => {
    const memory = releaseMemory(15 * MINUTE_MS);
    expect(memory.contradicts(PLACEMENT)).toBe(false);
    memory.record({ at: 1_000, pods: NOBODY, absent: [PLACEMENT] });
    expect(memory.contradicts(PLACEMENT)).toBe(true);
    memory.forget([PLACEMENT]);
    expect(memory.contradicts(PLACEMENT)).toBe(false);
  });
});
