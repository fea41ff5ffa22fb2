import * as z from 'zod';
import {
  type Address,
  type AddressRange,
  contains,
  fromInteger,
  toInteger,
} from '../../../../shared/address.ts';
import { readAddress, readCidr } from './addresses.ts';
import { CniError, type Ipam, type IpamRequest } from './ipam.ts';

const rangeSchema = z.object({
  subnet: z.string(),
  rangeStart: z.string().optional(),
  rangeEnd: z.string().optional(),
  gateway: z.string().optional(),
});
const ipamSchema = z.object({
  ...rangeSchema.partial().shape,
  ranges: z.array(z.array(rangeSchema).min(1)).optional(),
});

interface Range extends AddressRange {
  readonly gateway: bigint;
}

/**
 * The gateway is the subnet's first address if none is named; the range ends before the broadcast address.
 */
function readRange(config: z.output<typeof rangeSchema>): Range {
  const subnet = readCidr(config.subnet);
  const at = (text: string | undefined, otherwise: bigint): bigint =>
    text === undefined ? otherwise : toInteger(readAddress(text));
  return {
    family: subnet.family,
    gateway: at(config.gateway, subnet.first + 1n),
    first: at(config.rangeStart, subnet.first + 1n),
    last: at(config.rangeEnd, subnet.family === 4 ? subnet.last - 1n : subnet.last),
  };
}

function readRangeSets(ipam: unknown): Range[][] {
  const { ranges = [], subnet, ...rest } = ipamSchema.parse(ipam);
  const single = subnet === undefined ? [] : [[{ subnet, ...rest }]];
  const sets = [...single, ...ranges].map((set) => set.map(readRange));
  if (sets.length === 0) throw new CniError('no IP ranges specified');
  return sets;
}

/** Every address of the set once, beginning after the one that was reserved last. */
function* candidates(set: readonly Range[], last: Address | undefined): Generator<Address> {
  const home = last === undefined ? -1 : set.findIndex((range) => contains(range, last));
  const order = home < 0 ? set : [...set.slice(home), ...set];
  let left = set.reduce((sum, range) => sum + range.last - range.first + 1n, 0n);
  let start = home < 0 || last === undefined ? undefined : toInteger(last) + 1n;
  for (const range of order) {
    for (let at = start ?? range.first; at <= range.last && left > 0n; at += 1n, left -= 1n) {
      if (at !== range.gateway) yield fromInteger(at, range.family);
    }
    start = undefined;
  }
}

const describe = (set: readonly Range[]): string =>
  set
    .map(({ first, last, family }) => `${fromInteger(first, family)}-${fromInteger(last, family)}`)
    .join(',');

/** What one node has in /var/lib/cni/networks/<network>. */
interface Directory {
  readonly reserved: Map<Address, { readonly container: string }>;
  /** By the range set's index. */
  readonly last: Map<number, Address>;
}

function reserve(
  directory: Directory,
  set: readonly Range[],
  index: number,
  request: IpamRequest,
): Address {
  const asked = request.requested
    .map((text) => readAddress(text.split('/')[0] ?? ''))
    .find((address) => set.some((range) => contains(range, address)));
  if (asked !== undefined && directory.reserved.has(asked)) {
    throw new CniError(
      `requested IP address ${asked} is not available in range set ${describe(set)}`,
    );
  }
  if (asked !== undefined) return asked;
  for (const address of candidates(set, directory.last.get(index))) {
    if (!directory.reserved.has(address)) return address;
  }
  throw new CniError(`no IP addresses available in range set: ${describe(set)}`);
}

/**
 * The host-local plugin: each node gives out the addresses of a network for itself,
 * round robin, and so two nodes give out the same.
 * https://www.cni.dev/plugins/current/ipam/host-local/
 */
export function createHostLocal(): Ipam {
  const directories = new Map<string, Directory>();

  const directoryOf = (node: string, network: string): Directory => {
    const key = `${node}/${network}`;
    const directory = directories.get(key) ?? { reserved: new Map(), last: new Map() };
    directories.set(key, directory);
    return directory;
  };

  return {
    allocate(request) {
      const directory = directoryOf(request.node, request.network);
      const chosen = readRangeSets(request.ipam).map((set, index) =>
        reserve(directory, set, index, request),
      );
      for (const [index, address] of chosen.entries()) {
        directory.reserved.set(address, { container: request.container });
        directory.last.set(index, address);
      }
      return chosen;
    },
    release(node, container) {
      for (const [key, directory] of directories) {
        if (!key.startsWith(`${node}/`)) continue;
        for (const [address, owner] of directory.reserved) {
          if (owner.container === container) directory.reserved.delete(address);
        }
      }
    },
  };
}
