import { type Address, type AddressRange, contains, familyOf, toInteger } from '../address.ts';
import type { Eni, Subnet } from './eni.ts';

/** All ENIs of one node's instance, and their subnets by id. */
export interface NodeEnis {
  readonly enis: readonly Eni[];
  readonly subnets: ReadonlyMap<string, Subnet>;
}

export function inSubnetOf(eni: Eni, address: Address, node: NodeEnis): boolean {
  return blockOf(eni, address, node) !== undefined;
}

/** Whether the address is on the ENI as part of a delegated prefix. */
export function inPrefixOf(eni: Eni, address: Address): boolean {
  return eni.prefixes.some((prefix) => contains(prefix, address));
}

/** Whether the ENI has the address beside its primary: as a secondary, or within a delegated prefix. */
export function holds(eni: Eni, address: Address): boolean {
  return eni.secondary.includes(address) || inPrefixOf(eni, address);
}

/**
 * An ENI's first IPv6 address, which may be the worker's own. EC2 makes it the primary one when asked
 * to, and does not flag it before (EC2 API Reference, ModifyNetworkInterfaceAttribute,
 * "EnablePrimaryIpv6").
 *
 * @returns `undefined` if EC2 flags the primary one, or there is no IPv6 address.
 */
export function perhapsTheWorkersOwn({ primary, secondary }: Eni): Address | undefined {
  const isIpv6 = (address: Address): boolean => familyOf(address) === 6;
  return primary.some(isIpv6) ? undefined : secondary.find(isIpv6);
}

function blockOf(eni: Eni, address: Address, node: NodeEnis): AddressRange | undefined {
  return node.subnets.get(eni.subnetId)?.blocks.find((block) => contains(block, address));
}

/**
 * Whether AWS keeps the address for itself: "The first four IP addresses and the last
 * IP address in each subnet CIDR block" (Amazon VPC User Guide, "Subnet CIDR blocks",
 * for IPv4 and for IPv6 blocks alike).
 */
export function isReserved(eni: Eni, address: Address, node: NodeEnis): boolean {
  const block = blockOf(eni, address, node);
  if (block === undefined) return false;
  const value = toInteger(address);
  return value < block.first + 4n || value === block.last;
}
