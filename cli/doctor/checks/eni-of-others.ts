import type { Check } from '../check.ts';
import { ifKnown } from '../maybe-known.ts';

/** An ENI without the managed tag in a subnet of Multus ENIs: a stolen role can take its addresses. */
export const eniOfOthers: Check = {
  code: 'ME108',
  name: 'eni-of-others',
  reason:
    'A stolen role of the functions can take its addresses by AllowReassignment, and AWS gives it some of the range.',
  fix: 'Give Multus ENIs subnets of their own, in which there is nothing else.',
  source: 'docs/guardrails.md, "Bounds of the role"',
  asks: 'cluster',
  find({ neighbours }) {
    if (neighbours === undefined) return [];
    return ifKnown(neighbours, (known) =>
      known.map(({ id, subnetId }) => ({
        about: id,
        text: `${id} is in ${subnetId} beside Multus ENIs, and is not tagged`,
      })),
    );
  },
};
