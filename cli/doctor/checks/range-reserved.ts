import { rangeText } from '../../view/text.ts';
import type { Check } from '../check.ts';
import { enisAt, mastersIn } from '../masters.ts';

/** A range that holds addresses which AWS keeps. */
export const rangeReserved: Check = {
  code: 'ME202',
  name: 'range-reserved',
  reason: 'AWS keeps the first four addresses of a subnet and its last: no ENI gets them.',
  fix: 'Leave them out: rangeStart and rangeEnd of host-local, exclude of whereabouts.',
  source: 'Amazon VPC User Guide, "Subnet CIDR blocks"',
  asks: 'cluster',
  find({ view, networks }) {
    if (view === undefined) return [];
    return mastersIn(networks).flatMap(({ network, index }) => {
      const subnets = new Map(
        enisAt(view, index).flatMap(({ subnet }) => (subnet ? [[subnet.id, subnet] as const] : [])),
      );
      return network.ranges.flatMap((range) =>
        [...subnets.values()].flatMap(({ id, blocks }) =>
          blocks
            .filter(
              ({ family, first, last }) =>
                family === range.family &&
                ((range.first < first + 4n && range.last >= first) ||
                  (range.first <= last && range.last >= last)),
            )
            .map(() => ({
              about: network.network,
              text: `${network.network} gives out ${rangeText(range)}, with addresses that AWS keeps in ${id}`,
            })),
        ),
      );
    });
  },
};
