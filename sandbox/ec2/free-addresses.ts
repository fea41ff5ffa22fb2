import { type Address, contains, fromInteger } from '../../shared/address.ts';
import {
  addressesOf,
  type Block,
  type NetworkInterface,
  type State,
  type SubnetModel,
} from './model.ts';

/**
 * The first four addresses of a subnet's block and its last one are AWS's, IPv4 and IPv6.
 * https://docs.aws.amazon.com/vpc/latest/userguide/subnet-sizing.html
 */
export const RESERVED_AT_START = 4n;
const RESERVED = RESERVED_AT_START + 1n;

/**
 * The addresses of one of a subnet's blocks that nobody has and nobody reserved, lowest first; at
 * most `count`.
 */
export function freeAddresses(
  state: State,
  subnet: SubnetModel,
  block: Block,
  count: number,
): readonly Address[] {
  const enis = enisIn(state, subnet);
  const used = new Set(enis.flatMap(addressesOf));
  const delegated = enis.flatMap(({ ipv4Prefixes, ipv6Prefixes }) => [
    ...ipv4Prefixes,
    ...ipv6Prefixes,
  ]);
  const kept = [...delegated, ...subnet.reservations];
  const { family, first, last } = block.range;
  const free: Address[] = [];
  let value = first + RESERVED_AT_START;
  while (value < last && free.length < count) {
    const address = fromInteger(value, family);
    const keeping = kept.find(({ range }) => contains(range, address));
    if (keeping === undefined && !used.has(address)) free.push(address);
    value = (keeping?.range.last ?? value) + 1n;
  }
  return free;
}

/** `AvailableIpAddressCount`: the subnet's IPv4 addresses that are neither reserved nor in use. */
export function availableCount(state: State, subnet: SubnetModel): number {
  const used = enisIn(state, subnet).map(
    ({ secondary, ipv4Prefixes }) =>
      1n +
      BigInt(secondary.length) +
      ipv4Prefixes.reduce((sum, { range }) => sum + size(range), 0n),
  );
  return Number(used.reduce((left, each) => left - each, size(subnet.ipv4.range) - RESERVED));
}

function enisIn(state: State, subnet: SubnetModel): NetworkInterface[] {
  return [...state.enis.values()].filter(({ subnetId }) => subnetId === subnet.id);
}

function size({ first, last }: Block['range']): bigint {
  return last - first + 1n;
}
