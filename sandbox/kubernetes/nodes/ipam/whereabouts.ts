import * as z from 'zod';
import {
  type Address,
  type AddressRange,
  contains,
  fromInteger,
  parseAddress,
  parseCidr,
  toInteger,
} from '../../../../shared/address.ts';
import { readAddress, readCidr } from './addresses.ts';
import { CniError, type Ipam } from './ipam.ts';

const rangeSchema = z.object({
  range: z.string(),
  range_start: z.string().optional(),
  range_end: z.string().optional(),
  exclude: z.array(z.string()).default([]),
});
const ipamSchema = z.object({
  ...rangeSchema.partial().shape,
  ipRanges: z.array(rangeSchema).default([]),
  network_name: z.string().default(''),
});

interface Pool {
  readonly range: AddressRange;
  readonly exclude: readonly AddressRange[];
}

/** `range` is a CIDR, or `<first>-<last>/<length>`; without bounds all but its first and last address. */
function readPool(config: z.output<typeof rangeSchema>): Pool {
  const [left = '', right] = config.range.split('-', 2);
  const cidr = readCidr(right ?? left);
  const start = right === undefined ? config.range_start : left;
  const end = right === undefined ? config.range_end : right.split('/')[0];
  const bound = (text: string | undefined, otherwise: bigint, lowest: bigint): bigint => {
    const value = text === undefined ? otherwise : toInteger(readAddress(text));
    return value >= lowest && value < cidr.last ? value : otherwise;
  };
  const first = bound(start, cidr.first + 1n, cidr.first + 1n);
  const last = bound(end, cidr.last - 1n, first);
  const exclude = config.exclude.map((text) => {
    const address = parseAddress(text);
    const single = address === undefined ? undefined : `${text}/${text.includes(':') ? 128 : 32}`;
    return parseCidr(single ?? text) ?? readCidr(text);
  });
  return { range: { family: cidr.family, first, last }, exclude };
}

function lowestFree({ range, exclude }: Pool, taken: ReadonlySet<Address>): Address {
  for (let value = range.first; value <= range.last; value += 1n) {
    const address = fromInteger(value, range.family);
    const excluded = exclude.find((block) => contains(block, address));
    if (excluded !== undefined) value = excluded.last;
    else if (!taken.has(address)) return address;
  }
  const text = `${fromInteger(range.first, range.family)} / - ${fromInteger(range.last, range.family)}`;
  throw new CniError(`Could not allocate IP in range: ip: ${text}`);
}

interface Reservation {
  readonly network: string;
  readonly address: Address;
  readonly pod: string;
  readonly interface: string;
  readonly container: string;
}

/**
 * The whereabouts plugin: the lowest free address of a range, over the whole
 * cluster, and never one that another range of the same `network_name` gave out.
 * https://github.com/k8snetworkplumbingwg/whereabouts
 */
export function createWhereabouts(): Ipam {
  let reservations: readonly Reservation[] = [];

  return {
    allocate(request) {
      const { range, ipRanges, network_name: network, ...rest } = ipamSchema.parse(request.ipam);
      const first = range === undefined ? [] : [{ range, ...rest, exclude: rest.exclude ?? [] }];
      const pools = [...first, ...ipRanges].map(readPool);
      const inNetwork = reservations.filter((other) => other.network === network);
      const taken = new Set(inNetwork.map((other) => other.address));
      // A pod that comes back under its name finds the address that it had.
      const own = inNetwork.filter(
        (other) => other.pod === request.pod && other.interface === request.interface,
      );
      const addresses = pools.map((pool) => {
        const kept = own.find((other) => contains(pool.range, other.address))?.address;
        const address = kept ?? lowestFree(pool, taken);
        taken.add(address);
        return address;
      });
      const { pod, container } = request;
      reservations = [
        ...reservations.filter((other) => !own.includes(other)),
        ...addresses.map((address) => ({
          network,
          address,
          pod,
          interface: request.interface,
          container,
        })),
      ];
      return addresses;
    },
    release(_node, container) {
      reservations = reservations.filter((reservation) => reservation.container !== container);
    },
  };
}
