import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Address } from '../../../../shared/address.ts';
import { allOrNothing } from '../../../../shared/apply/all-or-nothing.ts';
import { assignToEni } from '../../../../shared/apply/assign.ts';
import { ec2RefusalOf, isThrottled } from '../../../../shared/enis/ec2-errors.ts';
import { address } from '../plan/fixtures.ts';
import { changesIn, startActBed } from './bed.ts';

const addresses = (...texts: string[]) => texts.map(address);

describe('a call that EC2 refuses for some of its addresses', () => {
  it('is repeated without those that the answer names', async () => {
    const { a, access, b, ec2, give, on } = await startActBed();
    await give(b.eth1, '172.16.1.71', '172.16.1.73');
    ec2.calls.clear();
    const wanted = addresses('172.16.1.70', '172.16.1.71', '172.16.1.72', '172.16.1.73');
    const { done, refused } = await assignToEni(access.ec2.client, a.eth1, wanted);
    expect(done).toEqual(['172.16.1.70', '172.16.1.72']);
    expect(refused).toMatchObject([
      { address: '172.16.1.71', refusal: { kind: 'elsewhere' } },
      { address: '172.16.1.73', refusal: { kind: 'elsewhere' } },
    ]);
    expect(on(a.eth1)).toEqual(done);
    expect(changesIn(ec2)).toHaveLength(2);
  });

  it('is repeated in halves if the answer names none', async () => {
    const { a, access, on } = await startActBed();
    const wanted = addresses('172.16.1.70', '10.0.0.1', '172.16.1.71', '172.16.1.72');
    const { done, refused } = await assignToEni(access.ec2.client, a.eth1, wanted);
    expect(on(a.eth1)).toEqual(['172.16.1.70', '172.16.1.71', '172.16.1.72']);
    expect(done).toHaveLength(3);
    expect(refused).toMatchObject([{ address: '10.0.0.1', refusal: { kind: 'outside-subnet' } }]);
  });

  it('tells reserved addresses from others', async () => {
    const { a, access, on } = await startActBed();
    const wanted = addresses('172.16.1.1', '172.16.1.70');
    const { refused } = await assignToEni(access.ec2.client, a.eth1, wanted);
    expect(refused).toMatchObject([{ address: '172.16.1.1', refusal: { kind: 'reserved' } }]);
    expect(on(a.eth1)).toEqual(['172.16.1.70']);
  });

  it('fills a full ENI in the order of the call, and stops asking when not one more fits', async () => {
    const { a, access, ec2, on } = await startActBed();
    const wanted = Array.from({ length: 30 }, (_, index) => address(`172.16.1.${70 + index}`));
    const { refused } = await assignToEni(access.ec2.client, a.eth1, wanted);
    expect(on(a.eth1)).toEqual(wanted.slice(0, 9));
    expect(refused.map((entry) => entry.address).sort()).toEqual(wanted.slice(9).sort());
    expect(new Set(refused.map(({ refusal }) => refusal.kind))).toEqual(new Set(['eni-full']));
    expect(changesIn(ec2).length).toBeLessThan(12);
  });

  it('is repeated without what goes along for safety, which is then tried once by itself', async () => {
    const [kept, wanted] = [addresses('172.16.1.70', '172.16.1.71'), addresses('172.16.1.80')];
    const calls: (readonly string[])[] = [];
    const { done, refused } = await allOrNothing(
      [...kept, ...wanted],
      async (part) => {
        calls.push(part);
        if (part.some((each) => kept.includes(each))) {
          throw Object.assign(new Error('Full.'), { name: 'PrivateIpAddressLimitExceeded' });
        }
      },
      { together: new Set(kept) },
    );
    expect(calls).toEqual([[...kept, ...wanted], wanted, kept]);
    expect(done).toEqual(wanted);
    expect(refused.map((entry) => entry.address)).toEqual(kept);
  });

  it('fails as a whole if the ENI is gone', async () => {
    const { access } = await startActBed();
    await expect(
      assignToEni(access.ec2.client, 'eni-0123456789abcdef0', addresses('172.16.1.70')),
    ).rejects.toMatchObject({ name: 'InvalidNetworkInterfaceID.NotFound' });
  });

  it('does all good addresses and no bad one, however they lie, whether they are named and whatever goes along', async () => {
    const pool = Array.from({ length: 12 }, (_, index) => address(`172.16.1.${70 + index}`));
    await fc.assert(
      fc.asyncProperty(
        fc.subarray(pool),
        fc.subarray(pool),
        fc.boolean(),
        fc.subarray(pool),
        async (asked, bad, names, kept) => {
          const have = new Set<string>();
          const call = async (part: readonly Address[]): Promise<void> => {
            const wrong = part.filter((each) => bad.includes(each));
            if (wrong.length > 0) {
              throw Object.assign(new Error(names ? `Bad: ${wrong.join(',')}.` : 'Bad.'), {
                name: 'InvalidParameterValue',
              });
            }
            for (const each of part) have.add(each);
          };
          const outcome = await allOrNothing(asked, call, { together: new Set(kept) });
          const [done, refused] = [outcome.done, outcome.refused.map((entry) => entry.address)];
          const good = asked.filter((each) => !bad.includes(each));
          expect([...have].sort()).toEqual([...done].sort());
          expect([...done, ...refused].sort()).toEqual([...asked].sort());
          expect(done.filter((each) => bad.includes(each))).toEqual([]);
          // What goes along for safety is given up together, if the answer names none of it.
          const lost = good.filter((each) => !done.includes(each));
          expect(lost.filter((each) => names || !kept.includes(each))).toEqual([]);
        },
      ),
      { numRuns: 300 },
    );
  });
});

describe('an answer of EC2', () => {
  const error = (name: string, message: string) => Object.assign(new Error(message), { name });
  const asked = addresses('172.16.1.7', '172.16.1.70', '2001:db8::70');

  it.each([
    ['[172.16.1.70] assigned, but move is not allowed.', 'elsewhere', ['172.16.1.70']],
    ["Address does not fall within the subnet's address range", 'outside-subnet', []],
    ["Address 172.16.1.7 is in subnet's reserved range.", 'reserved', ['172.16.1.7']],
    ["Address 172.16.1.7 is in subnet's reserved address range.", 'reserved', ['172.16.1.7']],
    [
      'Some of the specified addresses are not assigned to interface eni-0123456789abcdef0',
      'not-assigned',
      [],
    ],
    ['The primary IP address of an interface cannot be unassigned.', 'primary', []],
    ['Something new about 2001:DB8:0::70.', 'unexplained', ['2001:db8::70']],
  ])('“%s” is understood as %s', (text, kind, named) => {
    expect(ec2RefusalOf(error('InvalidParameterValue', text), asked)).toMatchObject({
      kind,
      named,
    });
  });

  it('that an ENI is full is known by its code', () => {
    const full = error(
      'PrivateIpAddressLimitExceeded',
      'Number of private addresses will exceed limit.',
    );
    expect(ec2RefusalOf(full, asked)).toMatchObject({ kind: 'eni-full', named: [] });
  });

  const answered = (status: number, code: string, message = 'No, 172.16.1.70.') =>
    Object.assign(error(code, message), { $metadata: { httpStatusCode: status } });

  it.each([
    'InvalidIPAddress.InUse',
    'OperationNotPermitted',
    'InvalidParameter',
    'InvalidParameterCombination',
    'AddressLimitExceeded',
    'SomethingNew.AboutAddresses',
  ])('with the client error %s is about some of the addresses', (code) => {
    const named = ['172.16.1.70'];
    expect(ec2RefusalOf(answered(400, code), asked)).toMatchObject({ kind: 'unexplained', named });
    const text = '[172.16.1.70] assigned, but move is not allowed.';
    expect(ec2RefusalOf(answered(400, code, text), asked)).toMatchObject({
      kind: 'elsewhere',
      named,
    });
  });

  it.each([
    [503, 'RequestLimitExceeded'],
    [400, 'Throttling'],
    [400, 'RequestThrottledException'],
    [429, 'SomethingNew'],
    [403, 'UnauthorizedOperation'],
    [401, 'AuthFailure'],
    [400, 'AuthFailure'],
    [400, 'ExpiredTokenException'],
    [400, 'RequestExpired'],
    [400, 'OptInRequired'],
    [403, 'SomethingNew'],
    [400, 'InvalidNetworkInterfaceID.NotFound'],
    [400, 'InvalidNetworkInterfaceId.Malformed'],
    [400, 'IncorrectState'],
    [500, 'InternalError'],
    [503, 'Unavailable'],
  ])('%i %s says nothing of the addresses', (status, code) => {
    expect(ec2RefusalOf(answered(status, code), asked)).toBeUndefined();
  });

  it('that never came says nothing of the addresses', () => {
    expect(ec2RefusalOf(error('TimeoutError', 'x 172.16.1.70'), asked)).toBeUndefined();
    expect(ec2RefusalOf(answered(Number.NaN, 'Error'), asked)).toBeUndefined();
    expect(ec2RefusalOf('172.16.1.70', asked)).toBeUndefined();
  });

  it('that asks to come back later is told from others', () => {
    expect(isThrottled(error('RequestLimitExceeded', ''))).toBe(true);
    expect(isThrottled(error('InternalError', ''))).toBe(false);
  });
});
