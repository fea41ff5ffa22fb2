import { assign, unassign } from '../calls.ts';
import type { Check } from '../check.ts';
import { accepted, refused } from './answered.ts';
import { ASSIGN, QUOTED } from './sources.ts';

/** How an address gets from one ENI to another. */
export const MOVING: readonly Check[] = [
  accepted({
    id: 'move-by-reassignment',
    fact: 'With AllowReassignment an address is gone from its old ENI in the same step',
    expected: 'accepted; b has it, a has the other',
    source: ASSIGN,
    restsOn: 'docs/decisions/0005-no-allow-reassignment.md',
    prepare: (lab) => assign(lab, lab.id('a'), lab.free(2)),
    call: (lab) => assign(lab, lab.id('b'), lab.free(1), { allowReassignment: true }),
    outcome: (lab) => ({ a: lab.free(2).slice(1), b: lab.free(1) }),
  }),
  refused({
    id: 'move-primary',
    fact: 'With AllowReassignment, too, a primary address stays, and so do the others of its call',
    source: ASSIGN,
    restsOn: 'shared/plan/place-claims.ts',
    code: 'InvalidParameterValue',
    kinds: ['elsewhere', 'primary', 'unexplained'],
    given: ['b', (lab) => lab.free(1)],
    call: (lab, enis) => {
      const primary = enis.get(lab.id('b'))?.primary ?? [];
      const addresses = [...lab.free(1), ...primary];
      return assign(lab, lab.id('a'), addresses, { allowReassignment: true });
    },
  }),
  accepted({
    id: 'move-by-unassign',
    fact: 'What was unassigned from one ENI can be assigned to another at once',
    expected: 'accepted; b has it',
    source: QUOTED,
    restsOn: 'shared/apply/take-over.ts',
    async prepare(lab) {
      await assign(lab, lab.id('a'), lab.free(1));
      await unassign(lab, lab.id('a'), lab.free(1));
    },
    call: (lab) => assign(lab, lab.id('b'), lab.free(1)),
    outcome: (lab) => ({ a: [], b: lab.free(1) }),
  }),
];
