import { describe, expect, it } from 'vitest';
import { problemsOf } from '../../../../shared/plan/verdict.ts';
import {
  claim,
  decide,
  eth0,
  eth1,
  eth3,
  floating,
  onEth1,
  planInput,
  planOf,
  pod,
  ranges,
} from './fixtures.ts';

const X = '172.16.1.70';
const TWO_IN_ONE_SUBNET = [eth0(), eth1(), eth3()];

describe('a claim without a valid ENI', () => {
  it('is a problem outside the subnet of its ENI', () => {
    expect(decide({ pods: [pod('p', [onEth1('172.16.3.70')])] })).toEqual([
      'problem 172.16.3.70 outside-subnet for p',
    ]);
  });

  it.each(['172.16.1.0', '172.16.1.1', '172.16.1.3', '172.16.1.255', '2001:db8:0:1::3'])(
    'is a problem for %s, which AWS reserves',
    (text) => {
      expect(decide({ pods: [pod('p', [claim(text)])] })).toEqual([
        `problem ${text} reserved for p`,
      ]);
    },
  );

  it.each(['172.16.1.4', '172.16.1.254'])('is none for %s, next to the reserved ones', (text) => {
    expect(decide({ pods: [pod('p', [claim(text)])] })).toEqual([`assign ${text} on eni-1 for p`]);
  });

  it('is a problem for the primary address of its own ENI and of another of the node', () => {
    const pods = [pod('p', [onEth1('172.16.1.10'), onEth1('172.16.1.11')])];
    expect(decide({ enis: TWO_IN_ONE_SUBNET, pods })).toEqual([
      'problem 172.16.1.10 primary for p',
      'problem 172.16.1.11 primary for p',
    ]);
  });

  it.each([
    ['a managed ENI', eth3([], { prefixes: ['172.16.1.64/28'] })],
    ['the VPC CNI’s interface', eth0({ subnetId: 'subnet-1', prefixes: ['172.16.1.64/28'] })],
  ])('is a problem within a prefix that is delegated to %s of its node', (_, other) => {
    const enis = [other, eth1()];
    expect(decide({ enis, pods: [pod('p', [onEth1(X)])] })).toEqual([
      'problem 172.16.1.70 held-elsewhere delegated-prefix for p',
    ]);
  });

  it('is a problem if two ENIs come into question', () => {
    expect(decide({ enis: TWO_IN_ONE_SUBNET, pods: [pod('p', [claim(X)])] })).toEqual([
      'problem 172.16.1.70 eni-ambiguous for p',
    ]);
  });

  it('is a problem outside the configured ranges', () => {
    const bounded = ranges(['172.16.1.0/24'], ['172.16.1.100-172.16.1.110']);
    expect(decide({ ranges: bounded, pods: [pod('p', [claim(X)])] })).toEqual([
      'problem 172.16.1.70 outside-configured-ranges for p',
    ]);
  });

  it('is a problem for a floating address in no range', () => {
    const pods = [pod('p', [floating('172.16.1.200'), floating('172.16.1.71')])];
    expect(decide({ pods })).toEqual([
      'assign 172.16.1.71 on eni-1 for p',
      'problem 172.16.1.200 floating-outside-ranges for p',
    ]);
  });

  it('is none of our business if no ENI comes into question, and is counted', () => {
    const bridge = claim('10.42.0.7', { network: 'default/bridge' });
    expect(decide({ pods: [pod('p', [bridge, claim(X)])] })).toEqual([
      'assign 172.16.1.70 on eni-1 for p',
      'ignored 1',
    ]);
  });

  describe('on a device at which no ENI is shown', () => {
    const Y = '172.16.9.70';
    const given = ranges(['172.16.9.70-172.16.9.80']);
    const NOT_SEEN = ['ignored 1', `problem ${Y} eni-not-seen for p`];

    it.each([
      ['beside managed ENIs', [eth0(), eth1()]],
      ['where no ENI is managed', [eth0()]],
      ['where no ENI is shown at all', []],
    ])('is a problem if its address is in a range, %s', (_, enis) => {
      const pods = [pod('p', [claim(Y, { master: 'eth2' })])];
      expect(decide({ ranges: given, enis, pods })).toEqual(NOT_SEEN);
    });

    it.each([
      ['is in no range', { master: 'eth2' }, ranges([X])],
      ['is outside the configured ranges', { master: 'eth2' }, ranges([Y], [X])],
      ['is on a bridge', {}, given],
      ['is on a dummy interface', { master: 'dummy0' }, given],
      ['is on the VPC CNI’s device', { master: 'eth0' }, given],
      ['is on a device whose name says no index', { master: 'ens6' }, given],
      ['has the MAC of the VPC CNI’s ENI', { master: 'eth2', mac: '02:00:00:00:00:00' }, given],
    ])('is none of our business if its address %s', (_, spec, of) => {
      const pods = [pod('p', [claim(Y, spec)])];
      expect(decide({ ranges: of, enis: [eth0(), eth1()], pods })).toEqual(['ignored 1']);
    });

    it('is not told to a pod that terminates', () => {
      const pods = [pod('p', [claim(Y, { master: 'eth2' })], { terminating: true })];
      expect(decide({ ranges: given, enis: [eth0(), eth1()], pods })).toEqual(['ignored 1']);
    });
  });

  it('names the tag that the ENI lacks', () => {
    const enis = [eth0(), eth1([], { managed: false })];
    const decided = planOf(planInput({ enis, pods: [pod('p', [onEth1(X)])] }));
    expect(problemsOf(decided)).toMatchObject([
      { kind: 'eni-untagged', eniId: 'eni-1', tag: 'node.k8s.amazonaws.com/no_manage=true' },
    ]);
  });

  it('leaves the other claims of the same pod in peace', () => {
    const pods = [pod('p', [claim('172.16.1.1'), claim(X)])];
    expect(decide({ pods })).toEqual([
      'assign 172.16.1.70 on eni-1 for p',
      'problem 172.16.1.1 reserved for p',
    ]);
  });
});

describe('an annotation that cannot be read', () => {
  it('is told, and the claims that stand in for it keep their addresses on the ENI whose ledger names the pod', () => {
    const unreadable = [
      { kind: 'unreadable-annotation', annotation: 'a', detail: 'not JSON' },
    ] as const;
    const bare = { unreadable: true, network: undefined, interface: undefined } as const;
    const enis = [eth0(), eth1(), eth3([X])];
    const written = { 'eni-3': { [X]: 'assigned p' } };
    const pods = [pod('p', [claim(X, bare)], { unreadable })];
    expect(decide({ enis, written, pods })).toEqual([
      'keep 172.16.1.70 on eni-3 for p',
      'problem unreadable-annotation for p',
    ]);
  });
});
