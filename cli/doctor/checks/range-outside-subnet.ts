import type { AddressRange } from '../../../shared/address.ts';
import { blocksOf, rangeText } from '../../view/text.ts';
import type { Check } from '../check.ts';
import { enisAt, mastersIn } from '../masters.ts';

/** A range that the subnet of the definition's ENI does not hold. */
export const rangeOutsideSubnet: Check = {
  code: 'ME201',
  name: 'range-outside-subnet',
  reason: 'EC2 assigns only addresses of the ENI’s own subnet.',
  fix: 'Give out addresses of the subnet, or name the device whose subnet it is as the master.',
  source: 'Amazon EC2 User Guide, "Secondary IP addresses"; docs/design.md',
  asks: 'cluster',
  find({ view, networks }) {
    if (view === undefined) return [];
    return mastersIn(networks).flatMap(({ network, index }) => {
      const blocks = enisAt(view, index).flatMap(({ subnet }) => subnet?.blocks ?? []);
      const subnets = new Set(enisAt(view, index).map(({ subnet }) => blocksOf(subnet)));
      const isHeld = (range: AddressRange): boolean =>
        blocks.some(
          ({ family, first, last }) =>
            family === range.family && first <= range.first && range.last <= last,
        );
      if (blocks.length === 0) return [];
      return network.ranges
        .filter((range) => !isHeld(range))
        .map((range) => ({
          about: network.network,
          text: `${network.network} gives out ${rangeText(range)}, and ${network.master} is in ${[...subnets].join('; ')}`,
        }));
    });
  },
};
