import { describe, expect, it } from 'vitest';
import { wanting } from '../../../../shared/plan/verdict.ts';
import {
  claim,
  decide,
  eth0,
  eth1,
  eth3,
  onEth1,
  onEth3,
  planInput,
  planOf,
  pod,
} from './fixtures.ts';

const X = '172.16.1.70';

describe('an ENI with as many addresses as it takes', () => {
  const limits = { ipv4: 3, ipv6: 1 };

  it('is told to the youngest pods, and the others are served', () => {
    const pods = [
      pod('young', [claim('172.16.1.72')], { createdAt: 3 }),
      pod('old', [claim(X)], { createdAt: 1 }),
      pod('middle', [claim('172.16.1.71')], { createdAt: 2 }),
    ];
    expect(decide({ limits, pods })).toEqual([
      'assign 172.16.1.70 on eni-1 for old',
      'assign 172.16.1.71 on eni-1 for middle',
      'problem 172.16.1.72 eni-full for young',
    ]);
  });

  it('has room again for what replaces the addresses that are released (schedule 11)', () => {
    const enis = [eth0(), eth1(['172.16.1.78', '172.16.1.79'])];
    const pods = [pod('p', [claim(X), claim('172.16.1.71')])];
    expect(decide({ limits, enis, pods })).toEqual([
      'assign 172.16.1.70 on eni-1 for p',
      'assign 172.16.1.71 on eni-1 for p',
      'release 172.16.1.78 on eni-1',
      'release 172.16.1.79 on eni-1',
    ]);
  });

  it('counts delegated prefixes, and what it keeps', () => {
    const enis = [eth0(), eth1([X], { prefixes: ['172.16.1.96/28'] })];
    const pods = [pod('p', [claim(X), claim('172.16.1.71')])];
    expect(decide({ limits, enis, pods })).toEqual([
      'keep 172.16.1.70 on eni-1 for p',
      'problem 172.16.1.71 eni-full for p',
    ]);
  });

  it('counts each family by itself', () => {
    const pods = [
      pod('p', [claim('2001:db8:0:1::70'), claim('2001:db8:0:1::71'), claim(X)], { createdAt: 1 }),
    ];
    expect(decide({ limits, pods })).toEqual([
      'assign 172.16.1.70 on eni-1 for p',
      'assign 2001:db8:0:1::70 on eni-1 for p',
      'problem 2001:db8:0:1::71 eni-full for p',
    ]);
  });

  it('takes no address that moves either, and leaves it where it is', () => {
    const enis = [eth0(), eth1([X]), eth3(['172.16.1.71', '172.16.1.72'])];
    const pods = [pod('p', [onEth3(X), onEth3('172.16.1.71'), onEth3('172.16.1.72')])];
    expect(decide({ limits, enis, pods })).toEqual([
      'keep 172.16.1.71 on eni-3 for p',
      'keep 172.16.1.72 on eni-3 for p',
      'problem 172.16.1.70 eni-full for p',
    ]);
  });
});

it('what an ENI has no room for is tried if EC2 refuses others, unless another ENI would lose it', () => {
  const limits = { ipv4: 2, ipv6: 0 };
  const enis = [eth0(), eth1([X]), eth3(['172.16.1.72'])];
  const pods = [pod('p', ['172.16.1.72', X, '172.16.1.73'].map(onEth3))];
  const { verdicts } = planOf(planInput({ limits, enis, pods }));
  expect(verdicts.map(({ address, want }) => `${want} ${address}`)).toEqual([
    `refuse ${X}`,
    'keep 172.16.1.72',
    'wait 172.16.1.73',
  ]);
});

describe('what needs the room of what leaves is marked, so that it waits for that', () => {
  const limits = { ipv4: 3, ipv6: 1 };
  /** The addresses that wait. */
  const waitsFor = (spec: Parameters<typeof planInput>[0]): string[] => {
    const { verdicts } = planOf(planInput({ limits, ...spec }));
    const assignments = wanting(verdicts, 'assign', 'move');
    return assignments.filter(({ needsRoom }) => needsRoom).map((each) => each.address);
  };

  it('on an ENI with room for one of two', () => {
    const enis = [eth0(), eth1(['172.16.1.79'])];
    const pods = [pod('p', [claim(X), claim('172.16.1.71')])];
    expect(waitsFor({ enis, pods })).toEqual(['172.16.1.71']);
  });

  it('if an address moves away, and another one comes', () => {
    const enis = [eth0(), eth1(['172.16.1.78', '172.16.1.79']), eth3([X])];
    const pods = [pod('p', [onEth1(X)])];
    expect(waitsFor({ enis, pods })).toEqual([X]);
  });

  it('and nothing on an ENI with room for all', () => {
    const pods = [pod('p', [claim(X), claim('172.16.1.71')])];
    expect(waitsFor({ pods })).toEqual([]);
  });
});

describe('addresses that move between full ENIs', () => {
  const limits = { ipv4: 2, ipv6: 0 };
  const Y = '172.16.1.71';
  const swapped = [pod('p', [onEth3(X)]), pod('q', [onEth1(Y)])];
  const moves = [
    'move 172.16.1.70 on eni-3 from eni-1 for p',
    'move 172.16.1.71 on eni-1 from eni-3 for q',
  ];

  it('change places', () => {
    const enis = [eth0(), eth1([X]), eth3([Y])];
    expect(decide({ limits, enis, pods: swapped })).toEqual(moves);
  });

  it('leave their places to others', () => {
    const enis = [eth0(), eth1([X]), eth3()];
    expect(decide({ limits, enis, pods: swapped })).toEqual([
      'assign 172.16.1.71 on eni-1 for q',
      'move 172.16.1.70 on eni-3 from eni-1 for p',
    ]);
  });

  it('leave no place where they cannot move', () => {
    const enis = [eth0(), eth1([X]), eth3(['172.16.1.72'])];
    const pods = [...swapped, pod('r', [onEth3('172.16.1.72')])];
    expect(decide({ limits, enis, pods })).toEqual([
      'keep 172.16.1.72 on eni-3 for r',
      'problem 172.16.1.70 eni-full for p',
      'problem 172.16.1.71 eni-full for q',
    ]);
  });
});
