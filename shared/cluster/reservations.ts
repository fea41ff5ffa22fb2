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

/** What is kept of an IPPool. */
export interface IpPool {
  /** Absent if its text is no range. */
  readonly range?: AddressRange;
  readonly reservations: readonly Reservation[];
}

/** What whereabouts has given out, and of which ranges. */
export interface Reservations {
  readonly ranges: readonly AddressRange[];
  readonly reservations: readonly Reservation[];
}

const metadata = z.object({ namespace: z.string(), name: z.string() });
const pool = z.object({
  metadata,
  spec: z.object({
    range: z.string(),
    allocations: z.record(z.string(), z.object({ podref: z.string() })).nullish(),
  }),
});
const pools = z.object({ items: z.array(z.unknown()) });
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
  const others = parseObject(
    'list of OverlappingRangeIPReservations',
    overlapping,
    overlappingList,
  ).items.flatMap(({ metadata: { namespace, name }, spec }): Reservation[] => {
    const address = addressInName(name);
    const by = `OverlappingRangeIPReservation ${namespace}/${name}`;
    return address === undefined ? [] : [{ address, pod: spec.podref, by }];
  });
  const { ranges, reservations } = reservationsIn(items.map(poolFromObject));
  return { ranges, reservations: [...reservations, ...others] };
}

/** What all of the pools say. */
export function reservationsIn(all: readonly IpPool[]): Reservations {
  return {
    ranges: all.map(({ range }) => range).filter((range) => range !== undefined),
    reservations: all.flatMap(({ reservations }) => reservations),
  };
}

/**
 * What is kept of an IPPool object. An allocation's key is how far the address is from the one that
 * the range is written with.
 *
 * @throws MalformedObjectError
 */
export function poolFromObject(object: unknown): IpPool {
  const { metadata, spec } = parseObject('IPPool', pool, object);
  const first = parseInterfaceAddress(spec.range);
  const range = parseCidr(spec.range);
  if (first === undefined || range === undefined) return { reservations: [] };
  const by = `IPPool ${metadata.namespace}/${metadata.name}`;
  const from = toInteger(first);
  const reservations = Object.entries(spec.allocations ?? {}).flatMap(
    ([offset, { podref }]): Reservation[] => {
      if (!/^\d{1,39}$/.test(offset)) return [];
      const value = from + BigInt(offset);
      if (value > range.last) return [];
      return [{ address: fromInteger(value, range.family), pod: podref, by }];
    },
  );
  return { range, reservations };
}

/** The colons of IPv6 are hyphens there. */
function addressInName(name: string): Address | undefined {
  return parseAddress(name) ?? parseAddress(name.replaceAll('-', ':'));
}
