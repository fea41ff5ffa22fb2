import * as z from 'zod';
import {
  type Address,
  type AddressRange,
  fromInteger,
  parseAddress,
  parseCidr,
  parseInterfaceAddress,
  toInteger,
} from '../address.ts';
import { parseObject } from './malformed.ts';

/** https://github.com/k8snetworkplumbingwg/whereabouts: the CRDs' group, version and plurals. */
const GROUP = '/apis/whereabouts.cni.cncf.io/v1alpha1';
export const RESERVATION_PATHS = {
  pools: `${GROUP}/ippools`,
  overlapping: `${GROUP}/overlappingrangeipreservations`,
} as const;

/** An address that whereabouts keeps for a pod. */
export interface Reservation {
  readonly address: Address;
  /** `namespace/name`. */
  readonly pod: string;
  /** The object that says so, such as `IPPool kube-system/172.16.1.0-24`. */
  readonly by: string;
}

/** What whereabouts has given out, and of which ranges. */
export interface Reservations {
  readonly ranges: readonly AddressRange[];
  readonly reservations: readonly Reservation[];
}

const metadata = z.object({ namespace: z.string(), name: z.string() });
const pools = z.object({
  items: z.array(
    z.object({
      metadata,
      spec: z.object({
        range: z.string(),
        allocations: z.record(z.string(), z.object({ podref: z.string() })).nullish(),
      }),
    }),
  ),
});
const overlapping = z.object({
  items: z.array(z.object({ metadata, spec: z.object({ podref: z.string() }) })),
});

/**
 * Reads lists of IPPool and OverlappingRangeIPReservation objects. What names no address, as one of a
 * network that whereabouts prefixes with its name may, is left out.
 *
 * @throws MalformedObjectError
 */
export function reservationsFrom(poolList: unknown, overlappingList: unknown): Reservations {
  const { items } = parseObject('list of IPPools', pools, poolList);
  const ranges = items.map(({ spec }) => parseCidr(spec.range));
  const others = parseObject(
    'list of OverlappingRangeIPReservations',
    overlapping,
    overlappingList,
  ).items.flatMap(({ metadata: { namespace, name }, spec }): Reservation[] => {
    const address = addressInName(name);
    const by = `OverlappingRangeIPReservation ${namespace}/${name}`;
    return address === undefined ? [] : [{ address, pod: spec.podref, by }];
  });
  return {
    ranges: ranges.filter((range) => range !== undefined),
    reservations: [...items.flatMap(ofPool), ...others],
  };
}

/** An allocation's key is how far the address is from the one that the range is written with. */
function ofPool({ metadata: { namespace, name }, spec }: z.infer<typeof pools>['items'][number]) {
  const first = parseInterfaceAddress(spec.range);
  const range = parseCidr(spec.range);
  if (first === undefined || range === undefined) return [];
  return Object.entries(spec.allocations ?? {}).flatMap(([offset, { podref }]): Reservation[] => {
    if (!/^\d{1,39}$/.test(offset)) return [];
    const value = toInteger(first) + BigInt(offset);
    if (value > range.last) return [];
    const address = fromInteger(value, range.family);
    return [{ address, pod: podref, by: `IPPool ${namespace}/${name}` }];
  });
}

/** The colons of IPv6 are hyphens there. */
function addressInName(name: string): Address | undefined {
  return parseAddress(name) ?? parseAddress(name.replaceAll('-', ':'));
}
