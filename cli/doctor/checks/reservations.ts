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
    return (pools?.stale ?? []).map(({ address, pod, by, why }) => {
      const eni = enis.find(({ secondary }) => secondary.includes(address));
      const where = eni === undefined ? '' : `; the address is on ${eni.id}`;
      return { about: address, text: `${by} keeps ${address} for pod ${pod}, ${why}${where}` };
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
    (pools?.double ?? []).map(({ address, reservations }) => {
      const kept = reservations.map(({ pod, by }) => `for pod ${pod} by ${by}`).join(', ');
      return { about: address, text: `${address} is kept ${kept}` };
    }),
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
    (pools?.unreserved ?? []).map(({ address, pod }) => ({
      about: address,
      text: `pod ${pod} has ${address}, which lies in a range of whereabouts and is kept for nobody`,
    })),
};
