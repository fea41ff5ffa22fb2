import { contains } from '../../../shared/address.ts';
import { eniName } from '../../view/text.ts';
import type { Check } from '../check.ts';

/** A worker's own address within what a definition gives out. */
export const rangeHasPrimary: Check = {
  code: 'ME203',
  name: 'range-has-primary',
  reason: 'A primary address is never given to a pod: one that is told to use it has none.',
  fix: 'Leave the workers’ addresses out of the range, or keep them out by a subnet CIDR reservation.',
  source: 'docs/design.md, "Which ENI an address belongs to"',
  asks: 'cluster',
  find({ view, networks }) {
    if (view === undefined) return [];
    return [...networks.values()].flatMap(({ network, ignored, ranges }) =>
      view.allEnis.flatMap((eni) =>
        eni.primary
          .filter((address) => !ignored && ranges.some((range) => contains(range, address)))
          .map((address) => ({
            about: network,
            text: `${network} may give out ${address}, the primary address of ${eniName(eni)}`,
          })),
      ),
    );
  },
};
