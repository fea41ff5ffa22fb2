import { fromInteger } from '../../shared/address.ts';
import { assign } from '../calls.ts';
import type { Check } from '../check.ts';
import type { Lab } from '../lab.ts';
import { accepted, refused } from './answered.ts';
import { ASSIGN, QUOTED, RESERVED } from './sources.ts';

const INVALID = 'InvalidParameterValue';
const READ_AS = 'shared/enis/ec2-errors.ts';

/** The first `count` free addresses on ENI a. */
const onA = (count: number) => (lab: Lab) => assign(lab, lab.id('a'), lab.free(count));

/** What AssignPrivateIpAddresses does and refuses, without AllowReassignment. */
export const ASSIGNING: readonly Check[] = [
  accepted({
    id: 'assign',
    fact: 'Several free addresses are assigned by one call, as secondary ones',
    expected: 'accepted; a has all of them',
    source: ASSIGN,
    restsOn: 'shared/apply/assign.ts',
    call: onA(3),
    outcome: (lab) => ({ a: lab.free(3), b: [] }),
  }),
  accepted({
    id: 'assign-again',
    fact: 'What the ENI has already is accepted once more, also beside a new one',
    expected: 'accepted; a has both',
    source: QUOTED,
    restsOn: 'shared/apply/serve-eni.ts',
    prepare: onA(1),
    call: onA(2),
    outcome: (lab) => ({ a: lab.free(2), b: [] }),
  }),
  refused({
    id: 'assign-outside',
    fact: 'An address outside of the subnet is refused, with all of its call',
    source: QUOTED,
    restsOn: READ_AS,
    code: INVALID,
    kinds: ['outside-subnet'],
    call: (lab) => {
      const outside = fromInteger(lab.block().last + 5n, 4);
      return assign(lab, lab.id('a'), [...lab.free(1), outside]);
    },
  }),
  ...(
    [
      ['first', 'fourth', ({ block }: Lab) => block().first + 3n],
      ['last', 'last', ({ block }: Lab) => block().last],
    ] as const
  ).map(([id, which, value]) =>
    refused({
      id: `assign-reserved-${id}`,
      fact: `The ${which} address of the subnet is AWS’s: refused, with all of its call`,
      source: `${RESERVED}; ${QUOTED}`,
      restsOn: 'shared/enis/eni-facts.ts',
      code: INVALID,
      kinds: ['reserved'],
      call: (lab) => assign(lab, lab.id('a'), [...lab.free(1), fromInteger(value(lab), 4)]),
    }),
  ),
  refused({
    id: 'assign-elsewhere',
    fact: 'An address of another ENI is refused, and the answer names it',
    source: QUOTED,
    restsOn: 'shared/apply/take-over.ts',
    code: INVALID,
    kinds: ['elsewhere'],
    given: ['a', (lab) => lab.free(1)],
    call: (lab) => assign(lab, lab.id('b'), lab.free(2)),
    named: (lab) => lab.free(1),
  }),
  refused({
    id: 'assign-elsewhere-list',
    fact: 'The answer names all addresses that are elsewhere, and no other',
    source: QUOTED,
    restsOn: 'shared/apply/all-or-nothing.ts',
    code: INVALID,
    kinds: ['elsewhere'],
    given: ['a', (lab) => lab.free(2)],
    call: (lab) => assign(lab, lab.id('b'), lab.free(3)),
    named: (lab) => lab.free(2),
  }),
  refused({
    id: 'assign-primary',
    fact: 'The primary address of another ENI is refused',
    source: ASSIGN,
    restsOn: 'shared/plan/place-claims.ts',
    code: INVALID,
    kinds: ['elsewhere', 'primary', 'unexplained'],
    call: (lab, enis) => {
      const primary = enis.get(lab.id('b'))?.primary ?? [];
      return assign(lab, lab.id('a'), [...lab.free(1), ...primary]);
    },
  }),
  refused({
    id: 'assign-other-subnet',
    fact: 'An address of another subnet of the VPC is outside, too',
    source: QUOTED,
    restsOn: READ_AS,
    code: INVALID,
    kinds: ['outside-subnet'],
    call: (lab) => assign(lab, lab.id('other'), lab.free(1)),
  }),
];
