import { textOfDouble, textOfStale, textOfUnreserved } from '../../../shared/drift/pool-audit.ts';
import type { Check } from '../check.ts';

const WHEREABOUTS = 'https://github.com/k8snetworkplumbingwg/whereabouts';

/** whereabouts keeps addresses for pods that do not have them. */
export const reservationStale: Check = {
  code: 'ME207',
  name: 'reservation-stale',
  reason: 'whereabouts gives the address to no other pod: in the end the range is used up.',
  fix: 'See that whereabouts’ own reconciler runs; or delete the entry of the IPPool, and the OverlappingRangeIPReservation.',
  source: WHEREABOUTS,
  asks: 'cluster',
  find({ view, pools }) {
    const enis = view?.allEnis ?? [];
    return (pools?.stale ?? []).map((reservation) => {
      const { address } = reservation;
      const eni = enis.find(({ secondary }) => secondary.includes(address));
      const where = eni === undefined ? '' : `; the address is on ${eni.id}`;
      return { about: address, text: `${textOfStale(reservation)}${where}` };
    });
  },
};

/** whereabouts keeps one address for several pods. */
export const reservationDouble: Check = {
  code: 'ME208',
  name: 'reservation-double',
  reason: 'Two pods get one address, and only one of them has it.',
  fix: 'Give the definitions one range text, or ranges that do not overlap; then delete the pod that is in conflict.',
  source: WHEREABOUTS,
  asks: 'cluster',
  find: ({ pools }) =>
    (pools?.double ?? []).map((each) => ({ about: each.address, text: textOfDouble(each) })),
};

/** A pod has an address of whereabouts' range that whereabouts does not know to be taken. */
export const addressUnreserved: Check = {
  code: 'ME209',
  name: 'address-unreserved',
  reason: 'whereabouts takes the address for free, and may give it to another pod.',
  fix: 'Leave addresses that pods choose themselves out of the range (exclude), or delete the pod: its new one reserves it.',
  source: WHEREABOUTS,
  asks: 'cluster',
  find: ({ pools }) =>
    (pools?.unreserved ?? []).map((each) => ({
      about: each.address,
      text: textOfUnreserved(each),
    })),
};
