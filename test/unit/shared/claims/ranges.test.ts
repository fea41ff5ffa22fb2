import fc from 'fast-check';
import { describe, expect, it, test } from 'vitest';
import {
  type AddressRange,
  contains,
  type Family,
  fromInteger,
  parseAddress,
} from '../../../../shared/address.ts';
import {
  mergeRanges,
  parseRange,
  parseRangeList,
  subtractRanges,
} from '../../../../shared/claims/range-list.ts';
import { rangesOf } from '../../../../shared/claims/ranges.ts';

/** Ranges in a space small enough to try every address of it. */
const SPACE = 48;
const smallRange: fc.Arbitrary<AddressRange> = fc
  .tuple(fc.constantFrom<Family>(4, 6), fc.nat(SPACE - 1), fc.nat(SPACE - 1))
  .map(([family, a, b]) => ({
    family,
    first: BigInt(Math.min(a, b)),
    last: BigInt(Math.max(a, b)),
  }));
const smallRanges = fc.array(smallRange, { maxLength: 8 });
const everyAddress = ([4, 6] as const).flatMap((family) =>
  Array.from({ length: SPACE }, (_, value) => fromInteger(BigInt(value), family)),
);

function includedBy(text: string, bounds?: string) {
  const ranges = parseRangeList(text);
  const limit = bounds === undefined ? undefined : parseRangeList(bounds);
  if (!ranges.ok || limit?.ok === false) throw new Error('not a range list');
  return rangesOf([{ ranges: ranges.value }], limit?.value);
}

function address(text: string) {
  const parsed = parseAddress(text);
  if (parsed === undefined) throw new Error(`${text} is not an address`);
  return parsed;
}

describe('a range', () => {
  it.each([
    ['172.16.1.0/30', '172.16.1.0-172.16.1.3'],
    ['172.16.1.70 - 172.16.1.80', '172.16.1.70-172.16.1.80'],
    ['172.16.1.70', '172.16.1.70-172.16.1.70'],
    ['2001:db8::1-2001:db8::F', '2001:db8::1-2001:db8::f'],
    ['2001:db8::/127', '2001:db8::-2001:db8::1'],
  ])('%s is %s', (text, expected) => {
    const range = parseRange(text);
    expect(
      range && `${fromInteger(range.first, range.family)}-${fromInteger(range.last, range.family)}`,
    ).toBe(expected);
  });

  it.each([
    '',
    '-',
    '172.16.1.80-172.16.1.70',
    '172.16.1.70-2001:db8::1',
    '172.16.1.70-',
    '-172.16.1.70',
    '172.16.1.70-80',
    '172.16.1.1-172.16.1.2-172.16.1.3',
    '172.16.1.70-172.16.1.80/24',
    '172.16.1.0/99',
  ])('%j is none', (text) => {
    expect(parseRange(text)).toBeUndefined();
  });
});

describe('a list of ranges', () => {
  const two = [parseRange('172.16.1.0/24'), parseRange('172.16.3.70-172.16.3.80')];

  it.each([
    '172.16.1.0/24,172.16.3.70-172.16.3.80',
    ' 172.16.1.0/24 , 172.16.3.70-172.16.3.80 ',
    '["172.16.1.0/24","172.16.3.70-172.16.3.80"]',
  ])('is read from %j', (text) => {
    expect(parseRangeList(text)).toEqual({ ok: true, value: two });
  });

  test('is read from a list of texts', () => {
    const list = ['172.16.1.0/24', '172.16.3.70-172.16.3.80'];
    expect(parseRangeList(list)).toEqual({ ok: true, value: two });
  });

  it.each(['', ' ', '[]'])('may be empty: %j', (text) => {
    expect(parseRangeList(text)).toEqual({ ok: true, value: [] });
  });

  it.each([
    ['172.16.1.0/24,', /^\[1\]: "" is not a CIDR block/],
    ['172.16.1.0/24,172.16.1.0/99', /^\[1\]: "172\.16\.1\.0\/99" is not a CIDR block/],
    ['["172.16.1.0/24", 7]', /^\[1\]: /],
    ['[', /^not JSON/],
    [',', /^\[0\]: "" is not a CIDR block/],
  ])('%j cannot be read, and the detail says where', (text, detail) => {
    const parsed = parseRangeList(text);
    expect(parsed.ok ? 'no problem' : parsed.detail).toMatch(detail);
  });
});

test('a list of more than 10,000 ranges cannot be read', () => {
  const list = ['::1', ...Array(10_000).fill('::2')];
  expect(parseRangeList(list)).toEqual({ ok: false, detail: 'more than 10000 ranges' });
  expect(parseRangeList(list.slice(1)).ok).toBe(true);
});

describe('range arithmetic', () => {
  test('merging keeps every address and leaves gaps between the ranges', () => {
    fc.assert(
      fc.property(smallRanges, (ranges) => {
        const merged = mergeRanges(ranges);
        for (const one of everyAddress) {
          expect(merged.filter((range) => contains(range, one))).toHaveLength(
            ranges.some((range) => contains(range, one)) ? 1 : 0,
          );
        }
        for (const [index, range] of merged.entries()) {
          const next = merged[index + 1];
          if (next?.family === range.family) expect(next.first).toBeGreaterThan(range.last + 1n);
        }
      }),
    );
  });

  test('subtracting leaves exactly the addresses that are not excluded', () => {
    fc.assert(
      fc.property(smallRange, smallRanges, (range, excluded) => {
        const left = subtractRanges(range, excluded);
        for (const one of everyAddress) {
          expect(left.filter((rest) => contains(rest, one))).toHaveLength(
            contains(range, one) && !excluded.some((hole) => contains(hole, one)) ? 1 : 0,
          );
        }
      }),
    );
  });
});

describe('the ranges of a cluster', () => {
  test('include what some network gives out and the bounds allow', () => {
    fc.assert(
      fc.property(
        fc.array(fc.record({ ranges: smallRanges }), { maxLength: 4 }),
        fc.option(smallRanges, { nil: undefined }),
        (networks, bounds) => {
          const ranges = rangesOf(networks, bounds);
          for (const one of everyAddress) {
            const allowed = bounds?.some((range) => contains(range, one)) ?? true;
            const given = networks.some((network) => network.ranges.some((r) => contains(r, one)));
            expect(ranges.allows(one)).toBe(allowed);
            expect(ranges.includes(one)).toBe(allowed && given);
          }
        },
      ),
    );
  });

  test('without bounds allow every address', () => {
    const ranges = includedBy('172.16.1.70-172.16.1.80');
    expect(ranges.allows(address('10.0.0.1'))).toBe(true);
    expect(ranges.includes(address('10.0.0.1'))).toBe(false);
    expect(ranges.includes(address('172.16.1.80'))).toBe(true);
    expect(ranges.includes(address('172.16.1.81'))).toBe(false);
  });

  test('are cut to the bounds', () => {
    const ranges = includedBy('172.16.0.0/16, 2001:db8::/64', '172.16.1.0/24');
    expect(ranges.includes(address('172.16.1.70'))).toBe(true);
    expect(ranges.includes(address('172.16.3.70'))).toBe(false);
    expect(ranges.allows(address('2001:db8::70'))).toBe(false);
  });

  test('may be any number', () => {
    const many = Array.from({ length: 50_000 }, (_, n) => ({
      family: 4 as const,
      first: BigInt(n * 4),
      last: BigInt(n * 4 + 1),
    }));
    const ranges = rangesOf([{ ranges: many }]);
    expect(ranges.includes(fromInteger(199_997n, 4))).toBe(true);
    expect(ranges.includes(fromInteger(199_998n, 4))).toBe(false);
  });
});
