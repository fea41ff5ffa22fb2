import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type NodeClaimant, speakerOf } from '../../../../shared/plan/speaker.ts';
import {
  claim,
  decide,
  eth0,
  eth1,
  eth2,
  eth3,
  floating,
  onEth1,
  onEth3,
  pod,
  says,
} from './fixtures.ts';

const X = '172.16.1.70';
const TWO_IN_ONE_SUBNET = [eth0(), eth1(), eth3()];

describe('several live pods of the node that claim one address', () => {
  it('leave it with the one on whose ENI it is, however young (schedules 3 and 15)', () => {
    const enis = [eth0(), eth1(), eth3([X])];
    const pods = [
      pod('old', [onEth1(X)], { createdAt: 1 }),
      pod('young', [onEth3(X)], { createdAt: 2 }),
    ];
    expect(decide({ enis, pods })).toEqual([
      'keep 172.16.1.70 on eni-3 for young',
      'problem 172.16.1.70 conflict with young for old',
    ]);
  });

  it('give it to the oldest, if it is on none of their ENIs', () => {
    const pods = [
      pod('young', [onEth3(X)], { createdAt: 2 }),
      pod('old', [onEth1(X)], { createdAt: 1 }),
    ];
    expect(decide({ enis: TWO_IN_ONE_SUBNET, pods })).toEqual([
      'assign 172.16.1.70 on eni-1 for old',
      'problem 172.16.1.70 conflict with old for young',
    ]);
  });

  it('of one age give it to the smaller uid', () => {
    const pods = [pod('b', [onEth1(X)]), pod('a', [onEth3(X)])];
    expect(decide({ enis: TWO_IN_ONE_SUBNET, pods })).toEqual([
      'assign 172.16.1.70 on eni-3 for a',
      'problem 172.16.1.70 conflict with a for b',
    ]);
  });

  it('leave it with the oldest of those on whose ENI it is', () => {
    const pods = [
      pod('young', [claim(X)], { createdAt: 2 }),
      pod('old', [claim(X)], { createdAt: 1 }),
    ];
    expect(decide({ enis: [eth0(), eth1([X])], pods })).toEqual([
      'keep 172.16.1.70 on eni-1 for old',
      'problem 172.16.1.70 conflict with old for young',
    ]);
  });

  it('leave it with the one that the ledger names, of those on whose ENI it is', () => {
    const pods = [
      pod('old', [claim(X)], { createdAt: 1 }),
      pod('named', [claim(X)], { createdAt: 2 }),
    ];
    const written = says('assigned named');
    expect(decide({ enis: [eth0(), eth1([X])], pods, written })).toEqual([
      'keep 172.16.1.70 on eni-1 for named',
      'problem 172.16.1.70 conflict with named for old',
    ]);
  });

  it('do not go by what the ledger of another ENI says', () => {
    const pods = [
      pod('old', [claim(X)], { createdAt: 1 }),
      pod('named', [claim(X)], { createdAt: 2 }),
    ];
    const written = { 'eni-9': { [X]: 'assigned named' } };
    expect(decide({ enis: [eth0(), eth1([X])], pods, written })[0]).toBe(
      'keep 172.16.1.70 on eni-1 for old',
    );
  });

  it('do not wait for an older one that is terminating and does not have it (schedule 15)', () => {
    const pods = [
      pod('going', [onEth1(X)], { createdAt: 1, terminating: true }),
      pod('new', [onEth3(X)], { createdAt: 2 }),
    ];
    expect(decide({ enis: TWO_IN_ONE_SUBNET, pods })).toEqual([
      'assign 172.16.1.70 on eni-3 for new',
    ]);
  });

  it('do not wait for an older one whose claim has no valid ENI (schedule 15)', () => {
    const pods = [
      pod('wrong', [claim(X, { master: 'eth2' })], { createdAt: 1 }),
      pod('right', [onEth1(X)], { createdAt: 2 }),
    ];
    expect(decide({ pods })).toEqual([
      'assign 172.16.1.70 on eni-1 for right',
      'problem 172.16.1.70 outside-subnet for wrong',
    ]);
  });

  it('pass it on from a terminating pod to one of its namespace', () => {
    const enis = [eth0(), eth1([X]), eth3()];
    const pods = [
      pod('going', [onEth1(X)], { createdAt: 1, terminating: true }),
      pod('next', [onEth3(X)], { createdAt: 2 }),
    ];
    expect(decide({ enis, pods })).toEqual(['move 172.16.1.70 on eni-3 from eni-1 for next']);
  });

  it('do not pass it on to a terminating one (schedule 2)', () => {
    const enis = [eth0(), eth1([X]), eth3()];
    const pods = [
      pod('holder', [onEth1(X)], { createdAt: 1 }),
      pod('going', [{ ...onEth3(X), floating: true, since: 9 }], {
        createdAt: 2,
        terminating: true,
      }),
    ];
    expect(decide({ enis, pods })).toEqual(['keep 172.16.1.70 on eni-1 for holder']);
  });

  it('do not pass it on across namespaces, not even from a terminating pod (schedule 16)', () => {
    const enis = [eth0(), eth1([X]), eth3()];
    const pods = [
      pod('going', [onEth1(X)], { createdAt: 1, terminating: true }),
      pod('stranger', [onEth3(X)], { createdAt: 2, namespace: 'other' }),
    ];
    expect(decide({ enis, pods })).toEqual([
      'keep 172.16.1.70 on eni-1 for going',
      'problem 172.16.1.70 conflict with going for stranger',
    ]);
  });

  it('pass it on to the newer floating claim, looked at also if the holder has it (schedule 15)', () => {
    const enis = [eth0(), eth1([X]), eth3()];
    const newer = { ...onEth3(X), floating: true, since: 5 };
    const pods = [
      pod('holder', [claim(X, { master: 'eth1', since: 4 })], { createdAt: 4 }),
      pod('standby', [newer], { createdAt: 1 }),
    ];
    expect(decide({ enis, pods })).toEqual([
      'move 172.16.1.70 on eni-3 from eni-1 for standby',
      'problem 172.16.1.70 conflict with standby for holder',
    ]);
  });

  it('do not pass it on to a floating claim of the same time', () => {
    const enis = [eth0(), eth1([X]), eth3()];
    const same = { ...onEth3(X), floating: true, since: 4 };
    const pods = [
      pod('holder', [claim(X, { master: 'eth1', since: 4 })], { createdAt: 4 }),
      pod('standby', [same], { createdAt: 1 }),
    ];
    expect(decide({ enis, pods })).toEqual([
      'keep 172.16.1.70 on eni-1 for holder',
      'problem 172.16.1.70 conflict with holder for standby',
    ]);
  });

  it('pass a floating address on step by step to the newest', () => {
    const pods = [
      pod('a', [floating(X, 1)], { createdAt: 1 }),
      pod('b', [floating(X, 3)], { createdAt: 2 }),
      pod('c', [floating(X, 2)], { createdAt: 3 }),
    ];
    expect(decide({ enis: [eth0(), eth1([X])], pods })).toEqual([
      'keep 172.16.1.70 on eni-1 for b',
      'problem 172.16.1.70 conflict with b for a',
      'problem 172.16.1.70 conflict with b for c',
    ]);
  });
});

describe('a pod that the ledger names for the address where it is', () => {
  const written = says('assigned holder');

  it('holds it, although its claim fits no ENI any more (schedule 18)', () => {
    const pods = [
      pod('holder', [claim(X, { master: 'eth2' })], { createdAt: 2 }),
      pod('right', [onEth1(X)], { createdAt: 1, namespace: 'other' }),
    ];
    const enis = [eth0(), eth1([X]), eth2()];
    expect(decide({ enis, pods, written })).toEqual([
      'hold 172.16.1.70 on eni-1 for holder',
      'problem 172.16.1.70 conflict with holder for right',
      'problem 172.16.1.70 outside-subnet for holder',
    ]);
  });

  it('holds it on an ENI that lost its tag, and it does not move from there', () => {
    const pods = [pod('holder', [claim(X)]), pod('stranger', [onEth3(X)], { namespace: 'other' })];
    const enis = [eth0(), eth1([X], { managed: false }), eth3()];
    expect(decide({ enis, pods, written })).toEqual([
      'hold 172.16.1.70 on eni-1 for holder',
      'problem 172.16.1.70 conflict with holder for stranger',
      'problem 172.16.1.70 held-elsewhere not-our-eni for holder',
    ]);
  });

  it('gets it onto the ENI that its MAC names now, before a pod that claims it for the old one', () => {
    const pods = [
      pod('holder', [claim(X, { mac: eth3().mac })], { createdAt: 2 }),
      pod('stranger', [onEth1(X)], { createdAt: 1, namespace: 'other' }),
    ];
    expect(decide({ enis: [eth0(), eth1([X]), eth3()], pods, written })).toEqual([
      'move 172.16.1.70 on eni-3 from eni-1 for holder',
      'problem 172.16.1.70 conflict with holder for stranger',
    ]);
  });

  it('keeps it there while it terminates', () => {
    const going = { createdAt: 2, terminating: true };
    const pods = [
      pod('going', [claim(X, { mac: eth3().mac })], going),
      pod('stranger', [onEth1(X)], { createdAt: 1, namespace: 'other' }),
    ];
    const byGoing = says('assigned going');
    expect(decide({ enis: [eth0(), eth1([X]), eth3()], pods, written: byGoing })).toEqual([
      'hold 172.16.1.70 on eni-1 for going',
      'problem 172.16.1.70 conflict with going for stranger',
    ]);
  });

  it('does not hold what is not there any more (schedule 15)', () => {
    const pods = [
      pod('former', [claim(X, { master: 'eth2' })], { createdAt: 1 }),
      pod('right', [onEth1(X)], { createdAt: 2 }),
    ];
    const left = says('releasing former');
    expect(decide({ pods, written: left })).toEqual([
      'assign 172.16.1.70 on eni-1 for right',
      'problem 172.16.1.70 outside-subnet for former',
    ]);
  });
});

describe('who speaks for an address', () => {
  it('is found for any claims, whatever they say of their age', () => {
    const any = fc.record({
      namespace: fc.constantFrom('a', 'b'),
      createdAt: fc.constantFrom(0, 1, Number.NaN),
      since: fc.constantFrom(0, 1, Number.NaN, Infinity),
      terminating: fc.boolean(),
      eniId: fc.constantFrom('eni-1', 'eni-2', undefined),
      holds: fc.boolean(),
    });
    fc.assert(
      fc.property(fc.array(any, { maxLength: 6 }), (claimants) => {
        const named = claimants.map(({ namespace, ...rest }, index) => {
          const of = { namespace, name: `p${index}`, uid: `uid-${index}` };
          return { ...rest, pod: of, floating: true };
        });
        const there = named.filter(({ eniId, holds }) => holds || eniId === 'eni-1');
        const isHolder = ({ pod: { uid } }: NodeClaimant) =>
          named.some((each) => each.holds && each.pod.uid === uid);
        const speaker = speakerOf(named, { on: new Set(['eni-1']), holds: isHolder });
        expect(speaker === undefined).toBe(
          there.length === 0 && named.every((each) => each.terminating || each.eniId === undefined),
        );
      }),
    );
  });
});
