import { assign, unassign } from '../calls.ts';
import type { Check } from '../check.ts';
import { accepted, refused } from './answered.ts';
import { QUOTED, UNASSIGN } from './sources.ts';

const INVALID = 'InvalidParameterValue';

export const UNASSIGNING: readonly Check[] = [
  accepted({
    id: 'unassign',
    fact: 'Several addresses are unassigned by one call',
    expected: 'accepted; a has the third alone',
    source: UNASSIGN,
    restsOn: 'shared/apply/release.ts',
    prepare: (lab) => assign(lab, lab.id('a'), lab.free(3)),
    call: (lab) => unassign(lab, lab.id('a'), lab.free(2)),
    outcome: (lab) => ({ a: lab.free(3).slice(2), b: [] }),
  }),
  refused({
    id: 'unassign-absent',
    fact: 'An address that is not on the ENI is refused, with all of its call',
    source: QUOTED,
    restsOn: 'shared/apply/releases.ts',
    code: INVALID,
    kinds: ['not-assigned'],
    given: ['a', (lab) => lab.free(1)],
    call: (lab) => unassign(lab, lab.id('a'), lab.free(2)),
  }),
  refused({
    id: 'unassign-primary',
    fact: 'The primary address cannot be unassigned, nor what is named beside it',
    source: QUOTED,
    restsOn: 'shared/enis/ec2-errors.ts',
    code: INVALID,
    kinds: ['primary'],
    given: ['a', (lab) => lab.free(1)],
    call: (lab, enis) => {
      const primary = enis.get(lab.id('a'))?.primary ?? [];
      return unassign(lab, lab.id('a'), [...lab.free(1), ...primary]);
    },
  }),
];
