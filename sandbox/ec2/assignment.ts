import {
  type Address,
  contains,
  type Family,
  familyOf,
  parseAddress,
  toInteger,
} from '../../shared/address.ts';
import { Ec2Error, invalidParameterValue } from './errors.ts';
import { RESERVED_AT_START } from './free-addresses.ts';
import {
  type Block,
  findHolder,
  type HoldingRole,
  type NetworkInterface,
  type State,
} from './model.ts';

/** An address that another ENI has, or this one in a role that cannot be assigned again. */
export interface Taken {
  readonly address: Address;
  readonly holder: NetworkInterface;
  readonly role: HoldingRole;
}

/** Reads the addresses of a request; one that is named twice counts once. */
export function readAddresses(texts: readonly string[], family: Family): readonly Address[] {
  const addresses = texts.map((text) => {
    const address = parseAddress(text);
    if (address === undefined || familyOf(address) !== family) {
      throw invalidParameterValue(`invalid value for parameter address: ${text}`);
    }
    return address;
  });
  return [...new Set(addresses)];
}

function isReserved({ range }: Block, address: Address): boolean {
  const value = toInteger(address);
  return value < range.first + RESERVED_AT_START || value === range.last;
}

/** @throws Ec2Error unless every address may be used in the ENI's subnet. */
export function checkSubnet(
  state: State,
  eni: NetworkInterface,
  addresses: readonly Address[],
): void {
  const subnet = state.subnets.get(eni.subnetId);
  const blocks = subnet === undefined ? [] : [subnet.ipv4, ...subnet.ipv6];
  for (const address of addresses) {
    const block = blocks.find(({ range }) => contains(range, address));
    if (block === undefined) {
      throw invalidParameterValue("Address does not fall within the subnet's address range");
    }
    if (isReserved(block, address)) {
      throw invalidParameterValue(`Address ${address} is in subnet's reserved range.`);
    }
  }
}

/**
 * Those of `addresses` that are not free for `eni`. What it has already as a
 * secondary or IPv6 address is free for it: EC2 accepts that once more.
 */
export function takenFor(
  state: State,
  eni: NetworkInterface,
  addresses: readonly Address[],
): readonly Taken[] {
  return addresses.flatMap((address) => {
    if (eni.secondary.includes(address) || eni.ipv6.includes(address)) return [];
    const held = findHolder(state, eni.vpcId, address);
    return held === undefined ? [] : [{ address, holder: held.eni, role: held.role }];
  });
}

/** @throws Ec2Error that lists all of `taken`, if there are any. */
export function refuseTaken(taken: readonly Taken[]): void {
  if (taken.length === 0) return;
  const list = taken.map(({ address }) => address).join(',');
  throw invalidParameterValue(`[${list}] assigned, but move is not allowed.`);
}

/**
 * The primary address and delegated prefixes take a place each, like secondary
 * addresses. A detached ENI has no instance type and so no limit.
 *
 * @throws Ec2Error if `eni` has more than its instance type allows.
 */
export function checkLimit(state: State, eni: NetworkInterface): void {
  const instance = state.instances.get(eni.attachment?.instanceId ?? '');
  const type = state.instanceTypes.get(instance?.type ?? '');
  if (type === undefined) return;
  const ipv4 = 1 + eni.secondary.length + eni.ipv4Prefixes.length;
  const ipv6 = eni.ipv6.length + eni.ipv6Prefixes.length;
  if (ipv4 <= type.ipv4 && ipv6 <= type.ipv6) return;
  throw new Ec2Error(
    'PrivateIpAddressLimitExceeded',
    'Number of private addresses will exceed limit.',
  );
}

/** @throws Ec2Error unless `eni` has all of `addresses` (its secondary or IPv6 ones). */
export function checkAssigned(eni: NetworkInterface, addresses: readonly Address[]): void {
  const own = new Set([eni.primary, ...eni.secondary, ...eni.ipv6]);
  if (addresses.every((address) => own.has(address))) return;
  throw invalidParameterValue(
    `Some of the specified addresses are not assigned to interface ${eni.id}`,
  );
}
