import { describe, expect, it } from 'vitest';
import {
  address,
  claim,
  decide,
  eni,
  eth0,
  eth1,
  eth2,
  eth3,
  floating,
  onEth1,
  onEth3,
  pod,
  ranges,
} from './fixtures.ts';

const X = '172.16.1.70';
const TWO_IN_ONE_SUBNET = [eth0(), eth1(), eth3()];
const terminating = { terminating: true } as const;

describe('an address that a live pod speaks for', () => {
  it('is kept if it is on the ENI of its pod', () => {
    expect(decide({ enis: [eth0(), eth1([X])], pods: [pod('p', [claim(X)])] })).toEqual([
      'keep 172.16.1.70 on eni-1 for p',
    ]);
  });

  it('is assigned if no ENI of the node has it', () => {
    expect(decide({ pods: [pod('p', [claim(X)])] })).toEqual(['assign 172.16.1.70 on eni-1 for p']);
  });

  it('is assigned for each of the two attachments of a pod, each on the ENI of its subnet', () => {
    const pods = [pod('p', [claim(X), claim('172.16.3.70', { interface: 'net2' })])];
    expect(decide({ pods })).toEqual([
      'assign 172.16.1.70 on eni-1 for p',
      'assign 172.16.3.70 on eni-2 for p',
    ]);
  });

  it('is assigned outside ranges too, if network-status names it', () => {
    expect(decide({ pods: [pod('p', [claim('172.16.1.200')])] })).toEqual([
      'assign 172.16.1.200 on eni-1 for p',
    ]);
  });

  it('moves from another managed ENI of the node, if it is ours there', () => {
    const enis = [eth0(), eth1([X, '172.16.1.200']), eth3()];
    expect(decide({ enis, pods: [pod('p', [onEth3(X), onEth3('172.16.1.200')])] })).toEqual([
      'move 172.16.1.200 on eni-3 from eni-1 for p',
      'move 172.16.1.70 on eni-3 from eni-1 for p',
    ]);
  });

  it('is asked of EC2 if an unmanaged ENI of the node has it: nothing about that ENI is decided', () => {
    const enis = [eth0(), eth1(), eth3([X], { managed: false })];
    expect(decide({ enis, pods: [pod('p', [onEth1(X)])] })).toEqual([
      'assign 172.16.1.70 on eni-1 for p',
    ]);
  });

  it('is kept within a delegated prefix of its ENI, if it is already', () => {
    const enis = [eth0(), eth1([], { prefixes: ['172.16.1.64/28'] })];
    expect(decide({ enis, pods: [pod('p', [claim(X)])] })).toEqual([
      'keep 172.16.1.70 on eni-1 for p within a prefix',
    ]);
  });

  it('goes by IPv6 as by IPv4', () => {
    const six = '2001:db8:0:1::70';
    const enis = [eth0(), eth1(['2001:db8:0:1::98', '2001:db8:0:1::99'])];
    const written = { 'eni-1': { '2001:db8:0:1::98': 'none' } };
    expect(decide({ enis, written, pods: [pod('p', [claim(six)])] })).toEqual([
      'assign 2001:db8:0:1::70 on eni-1 for p',
      'foreign 2001:db8:0:1::98 on eni-1',
      'release 2001:db8:0:1::99 on eni-1',
    ]);
  });
});

describe('an address of a terminating pod', () => {
  it('is kept while it is on the ENI of its pod', () => {
    const enis = [eth0(), eth1([X])];
    expect(decide({ enis, pods: [pod('p', [claim(X)], terminating)] })).toEqual([
      'keep 172.16.1.70 on eni-1 for p',
    ]);
  });

  it('is not acquired, if nobody has it (schedule 2)', () => {
    expect(decide({ pods: [pod('p', [claim(X)], terminating)] })).toEqual([]);
  });

  it('is neither moved nor released, if another ENI of the node has it', () => {
    const enis = [eth0(), eth1([X]), eth3()];
    expect(decide({ enis, pods: [pod('p', [onEth3(X)], terminating)] })).toEqual([]);
  });

  it('is told no problem about it', () => {
    expect(decide({ pods: [pod('p', [onEth1('172.16.3.70')], terminating)] })).toEqual([]);
  });
});

describe('an address that no live pod claims', () => {
  it('is released if it is in the ledger of its ENI, whatever the ranges say', () => {
    expect(decide({ enis: [eth0(), eth1([X, '172.16.1.200'])] })).toEqual([
      'release 172.16.1.200 on eni-1',
      'release 172.16.1.70 on eni-1',
    ]);
  });

  it('is left alone and reported if it is not, whatever the ranges say', () => {
    const written = { 'eni-1': { [X]: 'none', '172.16.1.200': 'none' } };
    expect(decide({ enis: [eth0(), eth1([X, '172.16.1.200'])], written })).toEqual([
      'foreign 172.16.1.200 on eni-1',
      'foreign 172.16.1.70 on eni-1',
    ]);
  });

  it('is left alone outside the configured ranges, also if it is in the ledger', () => {
    const bounded = ranges(['172.16.1.0/24'], ['172.16.1.70-172.16.1.80']);
    expect(decide({ enis: [eth0(), eth1(['172.16.1.200', X])], ranges: bounded })).toEqual([
      'foreign 172.16.1.200 on eni-1',
      'release 172.16.1.70 on eni-1',
    ]);
  });

  it('is not touched on the VPC CNI’s interface or another unmanaged one, whatever a ledger says', () => {
    const enis = [eth0({ secondary: ['172.16.0.70'] }), eth1([X], { managed: false })];
    const written = { 'eni-0': { '172.16.0.70': 'assigned p' }, 'eni-1': { [X]: 'assigned p' } };
    expect(decide({ enis, written })).toEqual([]);
  });

  it('is no primary address and none of a prefix: they are never decided about', () => {
    const enis = [eth0(), eth1([], { prefixes: ['172.16.1.64/28'] })];
    const written = { 'eni-1': { '172.16.1.10': 'assigned p', [X]: 'assigned p' } };
    expect(decide({ enis, written })).toEqual([]);
  });

  it('is not released for now if the brake withholds it', () => {
    const enis = [eth0(), eth1([X, '172.16.1.71'])];
    expect(decide({ enis, withheld: new Set([address(X)]) })).toEqual([
      'release 172.16.1.71 on eni-1',
    ]);
  });

  it('is claimed all the same by a pod whose claim has no valid ENI, and stays', () => {
    const enis = [eth0(), eth1([X]), eth3()];
    expect(decide({ enis, pods: [pod('p', [claim(X)])] })).toEqual([
      'problem 172.16.1.70 eni-ambiguous for p',
    ]);
  });
});

describe('the release policy upsert-only', () => {
  it('assigns, keeps, and takes nothing from any ENI', () => {
    const enis = [eth0(), eth1([X, '172.16.1.71', '172.16.1.200']), eth3(['172.16.1.72'])];
    const pods = [pod('p', [onEth1(X), onEth1('172.16.1.72'), onEth1('172.16.1.73')])];
    const written = { 'eni-1': { '172.16.1.200': 'none' } };
    expect(decide({ unassigns: false, enis, pods, written })).toEqual([
      'assign 172.16.1.73 on eni-1 for p',
      'foreign 172.16.1.200 on eni-1',
      'keep 172.16.1.70 on eni-1 for p',
      'problem 172.16.1.72 held-elsewhere policy for p',
    ]);
  });

  it('does not count on the room of what it may not release', () => {
    const limits = { ipv4: 2, ipv6: 0 };
    const enis = [eth0(), eth1(['172.16.1.79'])];
    expect(decide({ unassigns: false, limits, enis, pods: [pod('p', [claim(X)])] })).toEqual([
      'problem 172.16.1.70 eni-full for p',
    ]);
  });
});

describe('a floating address', () => {
  it('goes to the ENI of its pod’s attachments, if two ENIs of the node are in its subnet', () => {
    const pods = [pod('p', [onEth3('172.16.1.75'), floating(X)])];
    expect(decide({ enis: [eth0(), eth1(), eth3(['172.16.1.75'])], pods })).toEqual([
      'assign 172.16.1.70 on eni-3 for p',
      'keep 172.16.1.75 on eni-3 for p',
    ]);
  });

  it('is ambiguous if its pod is on both', () => {
    const pods = [pod('p', [onEth1('172.16.1.74'), onEth3('172.16.1.75'), floating(X)])];
    expect(decide({ enis: TWO_IN_ONE_SUBNET, pods })).toContain(
      'problem 172.16.1.70 eni-ambiguous for p',
    );
  });

  it('that is an attachment’s own address needs no range', () => {
    const own = { ...onEth1('172.16.1.200'), floating: true };
    expect(decide({ pods: [pod('p', [own])] })).toEqual(['assign 172.16.1.200 on eni-1 for p']);
  });
});

it('a node without managed ENIs has nothing to decide', () => {
  const enis = [eth0(), eni({ id: 'eni-9', deviceIndex: 9, managed: false })];
  expect(decide({ enis, pods: [pod('p', [claim(X)])] })).toEqual(['ignored 1']);
});

it('a pod on the node claims for the ENI of its own subnet alone', () => {
  expect(decide({ enis: [eth0(), eth2()], pods: [pod('p', [claim(X)])] })).toEqual(['ignored 1']);
});

it('the first IPv6 address of an ENI is released like any other, if it is in the ledger', () => {
  const [own, pods] = ['2001:db8:0:1::98', '2001:db8:0:1::99'];
  const enis = [eth0(), eth1([own, pods])];
  expect(decide({ enis, written: { 'eni-1': { [own]: 'none' } } })).toEqual([
    `foreign ${own} on eni-1`,
    `release ${pods} on eni-1`,
  ]);
  expect(decide({ enis })).toEqual([`release ${own} on eni-1`, `release ${pods} on eni-1`]);
});
