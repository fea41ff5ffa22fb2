import type { AddressRange } from '../../../shared/address.ts';
import { rangeText } from '../../view/text.ts';
import type { Check } from '../check.ts';
import { enisAt, mastersIn } from '../masters.ts';
import { ifKnown } from '../maybe-known.ts';
import type { SubnetReservation } from '../subnet-reservations.ts';

/** A range that AWS may give to something else, as nobody reserved it. */
export const rangeUnreserved: Check = {
  code: 'ME210',
  name: 'range-unreserved',
  reason: 'AWS chooses any free address of the subnet for a new ENI, and a pod then lacks it.',
  fix: 'aws ec2 create-subnet-cidr-reservation --reservation-type explicit, for all of the range.',
  source: 'Amazon VPC User Guide, "Subnet CIDR reservations"',
  asks: 'cluster',
  find({ view, networks, subnetReservations }) {
    if (view === undefined || subnetReservations === undefined) return [];
    return ifKnown(subnetReservations, (reservations) =>
      mastersIn(networks).flatMap(({ network, index }) => {
        const subnets = new Map(
          enisAt(view, index).flatMap(({ eni, subnet }) =>
            eni.managed && subnet ? [[subnet.id, subnet] as const] : [],
          ),
        );
        return network.ranges.flatMap((range) =>
          [...subnets.values()]
            .filter(({ blocks }) => blocks.some((block) => covers([block], range)))
            .filter(({ id }) => !covers(explicitOf(reservations.get(id)), range))
            .map(({ id }) => ({
              about: network.network,
              text: `${network.network} gives out ${rangeText(range)}, which ${id} does not reserve as explicit`,
            })),
        );
      }),
    );
  },
};

function explicitOf(reservations: readonly SubnetReservation[] = []): AddressRange[] {
  return reservations.filter(({ type }) => type === 'explicit').map(({ range }) => range);
}

/** Whether these, which do not overlap, hold all of a range together. */
function covers(blocks: readonly AddressRange[], { family, first, last }: AddressRange): boolean {
  const sorted = blocks
    .filter((block) => block.family === family)
    .toSorted((a, b) => (a.first < b.first ? -1 : 1));
  let next = first;
  for (const block of sorted) {
    if (block.first <= next && next <= block.last) next = block.last + 1n;
  }
  return next > last;
}
