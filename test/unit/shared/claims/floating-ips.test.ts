import { describe, expect, it, test } from 'vitest';
import { parseFloatingIps } from '../../../../shared/claims/floating-ips.ts';
import { FLOATING_IPS } from '../../../../shared/cluster/annotations.ts';

function floating(text: string) {
  const parsed = parseFloatingIps({ [FLOATING_IPS]: text });
  return parsed.ok ? parsed.floating : parsed.unreadable.detail;
}

describe('floating-ips', () => {
  test('takes bare addresses and objects, with and without since', () => {
    expect(
      floating(
        '["172.16.1.75",{"ip":"172.16.1.76"},{"ip":"2001:DB8::1","since":"2026-01-01T01:00:00.5+01:00"}]',
      ),
    ).toEqual([
      { address: '172.16.1.75' },
      { address: '172.16.1.76' },
      { address: '2001:db8::1', since: Date.UTC(2026, 0, 1) + 500 },
    ]);
  });

  test('takes the first of two entries for one address', () => {
    expect(floating('[{"ip":"::1","since":"2026-01-01T00:00:00Z"},"0::1"]')).toEqual([
      { address: '::1', since: Date.UTC(2026, 0, 1) },
    ]);
  });

  it.each(['', '  ', '[]'])('%j claims nothing', (text) => {
    expect(floating(text)).toEqual([]);
  });

  test('that is absent claims nothing', () => {
    expect(parseFloatingIps({})).toEqual({ ok: true, floating: [] });
  });

  it.each([
    ['172.16.1.75', /^not JSON/],
    ['"172.16.1.75"', /expected array/],
    ['{"ip":"172.16.1.75"}', /expected array/],
    ['["172.16.1.75/24"]', /^\[0\]\.ip: "172\.16\.1\.75\/24" is not an address$/],
    ['["172.16.1.75",{"ip":"x"}]', /^\[1\]\.ip: "x" is not an address$/],
    ['[{"since":"2026-01-01T00:00:00Z"}]', /^\[0\]\.ip: /],
    ['[{"ip":"::1","since":"yesterday"}]', /^\[0\]\.since: not an RFC 3339 time/],
    ['[{"ip":"::1","since":"2026-01-01T00:00:00"}]', /^\[0\]\.since: not an RFC 3339 time/],
    ['[{"ip":"::1","since":"2026-02-30T00:00:00Z"}]', /^\[0\]\.since: not an RFC 3339 time/],
    ['[{"ip":"::1","since":1767225600000}]', /^\[0\]\.since: not an RFC 3339 time/],
    ['[null]', /^\[0\]: /],
  ])('%j cannot be read, and the detail says where', (text, detail) => {
    expect(floating(text)).toMatch(detail);
  });

  test('of too many entries is refused before any of them is looked at', () => {
    expect(parseFloatingIps({ [FLOATING_IPS]: JSON.stringify(Array(1001).fill('x')) })).toEqual({
      ok: false,
      unreadable: {
        kind: 'too-many-addresses',
        annotation: FLOATING_IPS,
        detail: 'more than 1000 addresses',
      },
    });
  });

  test('that cannot be read is named', () => {
    expect(parseFloatingIps({ [FLOATING_IPS]: '7' })).toMatchObject({
      ok: false,
      unreadable: { kind: 'unreadable-annotation', annotation: FLOATING_IPS },
    });
  });
});
