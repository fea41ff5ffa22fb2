import fc from 'fast-check';
import { describe, expect, it, test } from 'vitest';
import {
  type Address,
  compareAddresses,
  contains,
  familyOf,
  fromInteger,
  parseAddress,
  parseCidr,
  parseInterfaceAddress,
  toInteger,
} from '../../../shared/address.ts';

const address4 = fc.bigInt({ min: 0n, max: 2n ** 32n - 1n }).map((n) => fromInteger(n, 4));
const address6 = fc.bigInt({ min: 0n, max: 2n ** 128n - 1n }).map((n) => fromInteger(n, 6));
/** Groups that are often zero, so that there is something to compress. */
const groups = fc.array(fc.oneof(fc.constant(0), fc.nat(0xffff)), { minLength: 8, maxLength: 8 });

function parsed(text: string): Address {
  const address = parseAddress(text);
  if (address === undefined) throw new Error(`${text} is not an address`);
  return address;
}

describe('an address', () => {
  it.each([
    ['2001:DB8:0:0:1:0:0:1', '2001:db8::1:0:0:1'],
    ['2001:db8:0:1:1:1:1:1', '2001:db8:0:1:1:1:1:1'],
    ['0:0:0:0:0:0:0:0', '::'],
    ['1:0:0:0:0:0:0:0', '1::'],
    ['::ffff:172.16.1.70', '::ffff:ac10:146'],
    ['172.16.1.70', '172.16.1.70'],
  ])('%s has the one canonical text %s', (text, canonical) => {
    expect(parseAddress(text)).toBe(canonical);
  });

  it.each([
    '',
    ' 172.16.1.70',
    '172.16.1.70\n',
    '172.16.1.070',
    '172.16.1',
    '172.16.1.999',
    '172.16.1.70/24',
    'fe80::1%eth0',
    '1:2:3:4:5:6:7:8:9',
    '::1::',
    'ip-172-16-1-70',
  ])('%j is none', (text) => {
    expect(parseAddress(text)).toBeUndefined();
  });

  test('of IPv6 has one text for its value, however it was typed', () => {
    fc.assert(
      fc.property(groups, fc.boolean(), fc.boolean(), (parts, padded, upper) => {
        const hex = parts.map((part) => part.toString(16).padStart(padded ? 4 : 1, '0')).join(':');
        const address = parsed(upper ? hex.toUpperCase() : hex);
        expect(address).toBe(parseAddress(hex));
        // RFC 5952, 4: lower case, no leading zeros, and no run of zeros but the one that is `::`.
        expect(address).toMatch(/^[0-9a-f:]+$/);
        expect(address).not.toMatch(/(^|:)0[0-9a-f]/);
        if (!address.includes('::')) expect(address).not.toMatch(/(^|:)0:0(:|$)/);
        const value = parts.reduce((sum, part) => sum * 65_536n + BigInt(part), 0n);
        expect(toInteger(address)).toBe(value);
      }),
    );
  });

  test('is the same after it was an integer', () => {
    fc.assert(
      fc.property(fc.oneof(address4, address6), (address) => {
        expect(parseAddress(address)).toBe(address);
        expect(fromInteger(toInteger(address), familyOf(address))).toBe(address);
      }),
    );
  });

  test('sorts by family and then by value', () => {
    const sorted = ['9.0.0.1', '10.0.0.1', '::', '::a', '2001:db8::1'].map(parsed);
    expect([...sorted].reverse().sort(compareAddresses)).toEqual(sorted);
    expect(compareAddresses(parsed('::1'), parsed('0:0::1'))).toBe(0);
  });

  test('may carry a prefix length if an interface is configured', () => {
    expect(parseInterfaceAddress('172.16.1.9/24')).toBe('172.16.1.9');
    expect(parseInterfaceAddress('2001:DB8::9/64')).toBe('2001:db8::9');
    expect(parseInterfaceAddress('172.16.1.9')).toBe('172.16.1.9');
    expect(parseInterfaceAddress('172.16.1.9/33')).toBeUndefined();
    expect(parseInterfaceAddress('/24')).toBeUndefined();
  });
});

describe('a CIDR block', () => {
  it.each([
    ['172.16.1.0/24', '172.16.1.0', '172.16.1.255'],
    ['172.16.1.70/24', '172.16.1.0', '172.16.1.255'],
    ['172.16.1.70/32', '172.16.1.70', '172.16.1.70'],
    ['0.0.0.0/0', '0.0.0.0', '255.255.255.255'],
    ['2001:db8::/126', '2001:db8::', '2001:db8::3'],
    ['::/0', '::', 'ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff'],
  ])('%s goes from %s to %s', (text, first, last) => {
    const family = familyOf(parsed(first));
    const range = { family, first: toInteger(parsed(first)), last: toInteger(parsed(last)) };
    expect(parseCidr(text)).toEqual(range);
  });

  it.each([
    '172.16.1.0',
    '172.16.1.0/',
    '172.16.1.0/33',
    '2001:db8::/129',
    '172.16.1.0/24/8',
    '172.16.1.0/-1',
    '172.16.1.0/2e1',
    '/24',
  ])('%j is none', (text) => {
    expect(parseCidr(text)).toBeUndefined();
  });

  test('contains exactly the addresses that share its prefix', () => {
    fc.assert(
      fc.property(address4, address4, fc.nat(32), (base, other, length) => {
        const range = parseCidr(`${base}/${length}`);
        const bits = (a: Address) => toInteger(a).toString(2).padStart(32, '0').slice(0, length);
        expect(range && contains(range, other)).toBe(bits(base) === bits(other));
        expect(range && contains(range, base)).toBe(true);
      }),
    );
  });

  test('contains no address of the other family', () => {
    const all6 = parseCidr('::/0');
    expect(all6 && contains(all6, parsed('172.16.1.70'))).toBe(false);
  });
});
