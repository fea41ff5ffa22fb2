import { describe, expect, it, test } from 'vitest';
import { parsed, problem, texts } from './networks.ts';

/** The ranges of a single ipvlan plugin with this `ipam`. */
function given(ipam: unknown): string[] {
  return texts(parsed({ type: 'ipvlan', ipam }).ranges);
}

describe('host-local', () => {
  const hostLocal = (ipam: object) => given({ type: 'host-local', ...ipam });

  test('gives out a subnet without its network, gateway and broadcast address', () => {
    expect(hostLocal({ subnet: '10.0.0.0/24' })).toEqual(['10.0.0.2-10.0.0.254']);
    expect(hostLocal({ subnet: '10.0.0.0/24', gateway: '10.0.0.254' })).toEqual([
      '10.0.0.1-10.0.0.253',
    ]);
    expect(hostLocal({ subnet: '10.0.0.0/29', gateway: '10.0.0.4' })).toEqual([
      '10.0.0.1-10.0.0.3',
      '10.0.0.5-10.0.0.6',
    ]);
  });

  test('gives out the last address of an IPv6 subnet', () => {
    expect(hostLocal({ subnet: '2001:db8::/120' })).toEqual(['2001:db8::2-2001:db8::ff']);
  });

  test('starts and ends where it is told to', () => {
    expect(hostLocal({ subnet: '10.0.0.0/24', rangeStart: '10.0.0.250' })).toEqual([
      '10.0.0.250-10.0.0.254',
    ]);
    expect(hostLocal({ subnet: '10.0.0.0/24', rangeEnd: '10.0.0.5', rangeStart: '' })).toEqual([
      '10.0.0.2-10.0.0.5',
    ]);
    expect(
      hostLocal({ subnet: '10.0.0.0/24', rangeStart: '10.0.0.0', rangeEnd: '10.0.0.0' }),
    ).toEqual(['10.0.0.0-10.0.0.0']);
  });

  test('gives out its one range and its sets of ranges', () => {
    expect(
      hostLocal({
        subnet: '10.0.0.0/29',
        ranges: [
          [
            { subnet: '10.0.1.0/24', rangeStart: '10.0.1.5', rangeEnd: '10.0.1.6' },
            { subnet: '10.0.2.0/29' },
          ],
          [{ subnet: '2001:db8::/126' }],
        ],
      }),
    ).toEqual([
      '10.0.0.2-10.0.0.6',
      '10.0.1.5-10.0.1.6',
      '10.0.2.2-10.0.2.6',
      '2001:db8::2-2001:db8::3',
    ]);
  });

  it.each([
    [{ subnet: '10.0.0.9/24' }, /^spec\.config: ipam: subnet 10\.0\.0\.9\/24 has host bits set$/],
    [{ subnet: '10.0.0.0/31' }, /subnet 10\.0\.0\.0\/31 is too small$/],
    [{ rangeStart: '10.0.0.5' }, /subnet is missing$/],
    [{ subnet: '10.0.0.0/24', rangeStart: '10.0.1.5' }, /10\.0\.1\.5 is not in 10\.0\.0\.0\/24$/],
    [{ subnet: '10.0.0.0/24', rangeEnd: '2001:db8::1' }, /2001:db8::1 is not in 10\.0\.0\.0\/24$/],
    [
      { subnet: '10.0.0.0/24', rangeStart: '10.0.0.9', rangeEnd: '10.0.0.5' },
      /10\.0\.0\.9 comes after 10\.0\.0\.5 in 10\.0\.0\.0\/24$/,
    ],
    [{ subnet: '10.0.0.0/24', rangeStart: 'x' }, /ipam\.rangeStart: "x" is not an address$/],
    [{ ranges: [{ subnet: '10.0.0.0/24' }] }, /ipam\.ranges\[0\]: /],
    [
      { ranges: [[{ subnet: '10.0.0.0/24' }], [{ subnet: '10.0.0.0/31' }]] },
      /^spec\.config: ipam\.ranges\[1\]\[0\]: subnet 10\.0\.0\.0\/31 is too small$/,
    ],
  ])('%j cannot be read', (ipam, detail) => {
    expect(problem({ type: 'ipvlan', ipam: { type: 'host-local', ...ipam } })).toMatch(detail);
  });
});

describe('whereabouts', () => {
  const whereabouts = (ipam: object) => given({ type: 'whereabouts', ...ipam });

  test('gives out a range without its first and last address', () => {
    expect(whereabouts({ range: '10.0.0.0/24' })).toEqual(['10.0.0.1-10.0.0.254']);
    expect(whereabouts({ range: '10.0.0.77/24' })).toEqual(['10.0.0.1-10.0.0.254']);
    expect(whereabouts({ range: '2001:db8::/120' })).toEqual(['2001:db8::1-2001:db8::fe']);
    expect(whereabouts({ range: '10.0.0.4/30' })).toEqual(['10.0.0.5-10.0.0.6']);
    expect(whereabouts({ range: '10.0.0.4/31' })).toEqual(['10.0.0.4-10.0.0.5']);
    expect(whereabouts({ range: '10.0.0.4/32' })).toEqual(['10.0.0.4-10.0.0.4']);
  });

  test('gives out from the first to the last of a range that names both', () => {
    expect(whereabouts({ range: '192.168.2.225-192.168.2.230/28' })).toEqual([
      '192.168.2.225-192.168.2.230',
    ]);
    expect(whereabouts({ range: '10.0.0.0-10.0.0.255/24' })).toEqual(['10.0.0.1-10.0.0.254']);
  });

  test('starts and ends where it is told to', () => {
    expect(
      whereabouts({ range: '10.0.0.0/24', range_start: '10.0.0.5', range_end: '10.0.0.9' }),
    ).toEqual(['10.0.0.5-10.0.0.9']);
    expect(whereabouts({ range: '10.0.0.0/24', range_start: '10.0.0.250', range_end: '' })).toEqual(
      ['10.0.0.250-10.0.0.254'],
    );
  });

  test('leaves out what is excluded', () => {
    expect(
      whereabouts({
        range: '192.168.2.225/28',
        exclude: ['192.168.2.229/30', '192.168.2.236/32', '192.168.2.225', '10.0.0.0/8'],
      }),
    ).toEqual([
      '192.168.2.226-192.168.2.227',
      '192.168.2.232-192.168.2.235',
      '192.168.2.237-192.168.2.238',
    ]);
    expect(whereabouts({ range: '10.0.0.0/24', exclude: ['10.0.0.0/16'] })).toEqual([]);
  });

  test('gives out all of ipRanges, each with its own limits, and its fixed addresses', () => {
    expect(
      whereabouts({
        range: '10.0.0.0/29',
        exclude: ['10.0.0.4/30', '10.0.1.5'],
        ipRanges: [
          { range: '10.0.1.5-10.0.1.9/24', exclude: ['10.0.1.7/32'] },
          { range: '2001:db8::/64', range_start: '2001:db8::5', range_end: '2001:db8::9' },
        ],
        addresses: [{ address: '10.0.2.9/24' }],
      }),
    ).toEqual([
      '10.0.0.1-10.0.0.3',
      '10.0.1.5-10.0.1.6',
      '10.0.1.8-10.0.1.9',
      '2001:db8::5-2001:db8::9',
      '10.0.2.9-10.0.2.9',
    ]);
  });

  it.each([
    [
      { range: '10.0.0.5-10.0.0.9' },
      /ipam\.range: "10\.0\.0\.5-10\.0\.0\.9" is not a CIDR block or/,
    ],
    [{ range: '10.0.0.5' }, /ipam\.range: "10\.0\.0\.5" is not/],
    [{ range: 'x-10.0.0.9/24' }, /ipam\.range: /],
    [{ range: '10.0.1.5-10.0.0.9/24' }, /ipam: 10\.0\.1\.5 is not in 10\.0\.0\.9\/24$/],
    [{ range: '10.0.0.9-10.0.0.5/24' }, /10\.0\.0\.9 comes after 10\.0\.0\.5 in/],
    [{ range: '10.0.0.0/24', range_end: '10.0.9.1' }, /10\.0\.9\.1 is not in 10\.0\.0\.0\/24$/],
    [
      { range: '10.0.0.0/24', exclude: ['10.0.0.1-10.0.0.5'] },
      /ipam\.exclude\[0\]: "10\.0\.0\.1-10\.0\.0\.5" is not/,
    ],
    [{ ipRanges: [{ range: '10.0.0.0/24' }, { range: '/' }] }, /ipam\.ipRanges\[1\]\.range: /],
  ])('%j cannot be read', (ipam, detail) => {
    expect(problem({ type: 'ipvlan', ipam: { type: 'whereabouts', ...ipam } })).toMatch(detail);
  });
});

describe('static', () => {
  test('gives out its addresses', () => {
    expect(
      given({
        type: 'static',
        addresses: [
          { address: '172.16.1.9/24', gateway: '172.16.1.1' },
          { address: '2001:DB8::9/64' },
        ],
        routes: [{ dst: '0.0.0.0/0' }],
      }),
    ).toEqual(['172.16.1.9-172.16.1.9', '2001:db8::9-2001:db8::9']);
  });

  test('with a wrong address cannot be read', () => {
    const ipam = { type: 'static', addresses: [{ address: '172.16.1.9/24' }, { address: 'x' }] };
    expect(problem({ type: 'ipvlan', ipam })).toBe(
      'spec.config: ipam.addresses[1].address: "x" is not an address',
    );
  });
});
