import { describe, expect, it } from 'vitest';
import type { Claim } from '../../../../shared/claims/claim.ts';
import type { Eni } from '../../../../shared/enis/eni.ts';
import { isReserved } from '../../../../shared/enis/eni-facts.ts';
import { chooseEni } from '../../../../shared/plan/choose-eni.ts';
import {
  address,
  claim,
  eni,
  eth0,
  eth1,
  eth2,
  eth3,
  floating,
  SUBNETS,
} from '../plan/fixtures.ts';

const X = '172.16.1.70';
const ALL = [eth0(), eth1(), eth2(), eth3()];
const { mac: MAC0 } = eth0();
const { mac: MAC2 } = eth2();
const { mac: MAC3 } = eth3();

/** The chosen ENI's id, or why there is none. */
function choice(
  chosen: Claim,
  enis: readonly Eni[] = ALL,
  siblings: readonly string[] = [],
): string {
  const found = chooseEni(chosen, { enis, subnets: SUBNETS }, () => new Set(siblings));
  switch (found.kind) {
    case 'eni':
      return found.eni.id;
    case 'eni-untagged':
      return `untagged ${found.eni.id}`;
    case 'eni-ambiguous':
      return `ambiguous ${found.enis.map(({ id }) => id).join(' ')}`;
    case 'not-our-network':
      return found.kind;
  }
}

describe('the attachment’s MAC', () => {
  it('decides between two ENIs in one subnet', () => {
    expect(choice(claim(X, { mac: MAC3 }))).toBe('eni-3');
  });

  it('goes before the master and the subnet', () => {
    expect(choice(claim(X, { mac: MAC2, master: 'eth1' }))).toBe('eni-2');
  });

  it('of no ENI, as a macvlan or bridge interface has, leaves it to the master', () => {
    expect(choice(claim(X, { mac: '0a:58:00:00:00:01', master: 'eth3' }))).toBe('eni-3');
  });

  it('of an ENI without the tag says so', () => {
    const enis = [eth0(), eth1(), eth3([], { managed: false })];
    expect(choice(claim(X, { mac: MAC3 }), enis)).toBe('untagged eni-3');
  });

  it('of the VPC CNI’s interface is not our network: no tag would help', () => {
    expect(choice(claim(X, { mac: MAC0 }))).toBe('not-our-network');
  });
});

describe('the master of the NetworkAttachmentDefinition', () => {
  it.each([
    ['eth1', 'eni-1'],
    ['eth2', 'eni-2'],
    ['eth3', 'eni-3'],
  ])('%s names the device index', (master, expected) => {
    expect(choice(claim(X, { master }))).toBe(expected);
  });

  it('eth0 is the VPC CNI’s', () => {
    expect(choice(claim(X, { master: 'eth0' }))).toBe('not-our-network');
  });

  it('names an ENI that lacks the tag', () => {
    const enis = [eth0(), eth1([], { managed: false }), eth3()];
    expect(choice(claim(X, { master: 'eth1' }), enis)).toBe('untagged eni-1');
  });

  it.each(['ens6', 'eth1.100', 'eth', 'bond0', 'eth001', ''])(
    '%o says nothing of the device index, so the subnet decides',
    (master) => {
      expect(choice(claim(X, { master }), [eth0(), eth1(), eth2()])).toBe('eni-1');
    },
  );

  it('of a device that the node does not have leaves it to the subnet', () => {
    expect(choice(claim(X, { master: 'eth7' }), [eth0(), eth1(), eth2()])).toBe('eni-1');
  });

  it('may name one managed ENI among several at its device index, as on several network cards', () => {
    const second = eni({ id: 'eni-9', deviceIndex: 1, mac: '02:00:00:00:00:09', managed: false });
    expect(choice(claim(X, { master: 'eth1' }), [second, eth1()])).toBe('eni-1');
    const managed = { ...second, managed: true };
    expect(choice(claim(X, { master: 'eth1' }), [managed, eth1()])).toBe('ambiguous eni-9 eni-1');
  });
});

describe('the subnet', () => {
  it('decides where one managed ENI is in it', () => {
    expect(choice(claim('172.16.3.70'))).toBe('eni-2');
  });

  it('does not decide between two', () => {
    expect(choice(claim(X))).toBe('ambiguous eni-1 eni-3');
  });

  it('looks at managed ENIs alone', () => {
    expect(choice(claim(X), [eth0(), eth1([], { managed: false }), eth3()])).toBe('eni-3');
    expect(choice(claim('172.16.0.70'))).toBe('not-our-network');
  });

  it('that no ENI is in is not our network', () => {
    expect(choice(claim('10.42.0.7'))).toBe('not-our-network');
  });

  it('goes by its IPv6 blocks too', () => {
    expect(choice(claim('2001:db8:0:3::70'))).toBe('eni-2');
  });

  it('that is not known holds nothing', () => {
    expect(choice(claim(X), [eth1([], { subnetId: 'subnet-new' })])).toBe('not-our-network');
  });
});

describe('a floating address', () => {
  it('goes where its pod is attached', () => {
    expect(choice(floating(X), ALL, ['eni-3', 'eni-2'])).toBe('eni-3');
  });

  it('is ambiguous if its pod is attached to both or neither', () => {
    expect(choice(floating(X), ALL, ['eni-1', 'eni-3'])).toBe('ambiguous eni-1 eni-3');
    expect(choice(floating(X), ALL, ['eni-2'])).toBe('ambiguous eni-1 eni-3');
  });
});

describe('the ENI whose ledger names the pod', () => {
  const lost = (eniId: string) => claim(X, { recordedOn: [eniId], unreadable: true });

  it('stands in while the annotation cannot be read', () => {
    expect(choice(lost('eni-3'))).toBe('eni-3');
  });

  it('is the one where the pod has it, whatever their order, if another one says that it had it', () => {
    const moved = claim(X, { recordedOn: ['eni-3', 'eni-1'], unreadable: true });
    expect(choice(moved)).toBe('eni-3');
    expect(choice(moved, ALL.toReversed())).toBe('eni-3');
  });

  it('counts only while it is a managed ENI of the node', () => {
    const enis = [eth0(), eth1(), eth3([], { managed: false })];
    expect(choice(lost('eni-3'), enis)).toBe('eni-1');
    expect(choice(lost('eni-gone'), [eth1()])).toBe('eni-1');
  });
});

describe('the ENI where the pod has the address, as its ledger says', () => {
  const having = (spec: Parameters<typeof claim>[1]) =>
    claim(X, { recordedOn: ['eni-1'], ...spec });
  const there = [eth0(), eth1([X]), eth2(), eth3()];

  it('stands against another master, and against the subnet (schedule 40)', () => {
    expect(choice(having({ master: 'eth3' }), there)).toBe('eni-1');
    const gone = there.map((each) => (each.id === 'eni-1' ? { ...each, subnetId: 'new' } : each));
    expect(choice(having({}), gone)).toBe('eni-1');
  });

  it('does not stand against a MAC', () => {
    expect(choice(having({ master: 'eth1', mac: eth3().mac }), there)).toBe('eni-3');
  });

  it('counts only while it is managed and has the address', () => {
    expect(choice(having({ master: 'eth3' }), [eth0(), eth1(), eth3([X])])).toBe('eni-3');
    const unmanaged = [eth0(), eth1([X], { managed: false }), eth3()];
    expect(choice(having({ master: 'eth3' }), unmanaged)).toBe('eni-3');
  });

  it('hides no problem of the ENI that the master names', () => {
    expect(choice(having({ master: 'eth2' }), there)).toBe('eni-2');
  });
});

it.each([
  ['172.16.1.3', true],
  ['172.16.1.4', false],
  ['172.16.1.254', false],
  ['172.16.1.255', true],
  ['172.16.3.0', false],
])('AWS reserves %s in 172.16.1.0/24: %s', (text, reserved) => {
  expect(isReserved(eth1(), address(text), { enis: [], subnets: SUBNETS })).toBe(reserved);
});
