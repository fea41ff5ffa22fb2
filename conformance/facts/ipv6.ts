import { fromInteger } from '../../shared/address.ts';
import { assign, unassign } from '../calls.ts';
import type { Check } from '../check.ts';
import { accepted, refused } from './answered.ts';
import { ASSIGN_6, QUOTED, RESERVED, UNASSIGN_6 } from './sources.ts';

/** AWS documents neither codes nor texts for IPv6: the product goes by any refusal. */
const ANY = ['elsewhere', 'unexplained', 'outside-subnet', 'reserved', 'not-assigned'] as const;

export const IPV6: readonly Check[] = [
  accepted({
    id: 'ipv6-assign-again',
    fact: 'IPv6: what the ENI has already is accepted once more, also beside a new one',
    expected: 'accepted; a has both',
    source: ASSIGN_6,
    restsOn: 'shared/apply/serve-eni.ts',
    prepare: (lab) => assign(lab, lab.id('a'), lab.free6(1)),
    call: (lab) => assign(lab, lab.id('a'), lab.free6(2)),
    outcome: (lab) => ({ a: lab.free6(2), b: [] }),
  }),
  refused({
    id: 'ipv6-elsewhere',
    fact: 'IPv6: an address of another ENI is refused, with all of its call',
    source: ASSIGN_6,
    restsOn: 'shared/apply/take-over.ts',
    kinds: ['elsewhere', 'unexplained'],
    given: ['a', (lab) => lab.free6(1)],
    call: (lab) => assign(lab, lab.id('b'), lab.free6(2)),
  }),
  accepted({
    id: 'ipv6-move-by-unassign',
    fact: 'IPv6: what was unassigned from one ENI can be assigned to another at once',
    expected: 'accepted; b has it',
    source: UNASSIGN_6,
    restsOn: 'shared/apply/take-over.ts',
    async prepare(lab) {
      await assign(lab, lab.id('a'), lab.free6(1));
      await unassign(lab, lab.id('a'), lab.free6(1));
    },
    call: (lab) => assign(lab, lab.id('b'), lab.free6(1)),
    outcome: (lab) => ({ a: [], b: lab.free6(1) }),
  }),
  refused({
    id: 'ipv6-outside',
    fact: 'IPv6: an address outside of the subnet is refused, with all of its call',
    source: ASSIGN_6,
    restsOn: 'shared/enis/ec2-errors.ts',
    kinds: ANY,
    call: (lab) => {
      const outside = fromInteger(lab.block6().last + 256n, 6);
      return assign(lab, lab.id('a'), [...lab.free6(1), outside]);
    },
  }),
  refused({
    id: 'ipv6-reserved',
    fact: 'IPv6: the fourth address of the subnet is AWS’s: refused, with all of its call',
    source: RESERVED,
    restsOn: 'shared/enis/eni-facts.ts',
    kinds: ANY,
    call: (lab) => {
      const reserved = fromInteger(lab.block6().first + 3n, 6);
      return assign(lab, lab.id('a'), [...lab.free6(1), reserved]);
    },
  }),
  refused({
    id: 'ipv6-unassign-absent',
    fact: 'IPv6: an address that is not on the ENI is refused, with all of its call',
    source: QUOTED,
    restsOn: 'shared/apply/releases.ts',
    kinds: ['not-assigned'],
    given: ['a', (lab) => lab.free6(1)],
    call: (lab) => unassign(lab, lab.id('a'), lab.free6(2)),
  }),
];
