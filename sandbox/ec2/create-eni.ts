import { type Address, parseAddress } from '../../shared/address.ts';
import { checkSubnet, refuseTaken, takenFor } from './assignment.ts';
import { Ec2Error } from './errors.ts';
import { freeAddresses } from './free-addresses.ts';
import type { IdMaker } from './ids.ts';
import type { NetworkInterface, State, SubnetModel } from './model.ts';

export interface EniSpec {
  readonly subnetId: string;
  /** Made up unless given. */
  readonly mac?: string;
  readonly tags?: Readonly<Record<string, string>>;
  readonly description?: string;
  readonly clientToken?: string;
  /** The subnet's lowest free address unless given. */
  readonly primary?: string;
  readonly secondary?: readonly string[];
  readonly ipv6?: readonly string[];
  /** One of `ipv6`. */
  readonly primaryIpv6?: string;
}

/**
 * A new, detached ENI.
 *
 * @throws Error if the subnet does not exist or does not have the addresses free.
 */
export function createEni(state: State, ids: IdMaker, spec: EniSpec): NetworkInterface {
  const subnet = state.subnets.get(spec.subnetId);
  if (subnet === undefined) throw new Error(`there is no subnet ${spec.subnetId}`);
  const primary = spec.primary === undefined ? freeAddress(state, subnet) : read(spec.primary);
  const secondary = (spec.secondary ?? []).map(read);
  const ipv6 = (spec.ipv6 ?? []).map(read);
  const bare: NetworkInterface = {
    id: ids.next('eni'),
    vpcId: subnet.vpcId,
    subnetId: subnet.id,
    zone: subnet.zone,
    mac: spec.mac ?? ids.mac(),
    tags: new Map(Object.entries(spec.tags ?? {})),
    description: spec.description,
    clientToken: spec.clientToken,
    primary,
    secondary: [],
    ipv6: [],
    ipv4Prefixes: [],
    ipv6Prefixes: [],
    elasticIps: new Map(),
  };
  const addresses = [primary, ...secondary, ...ipv6];
  checkSubnet(state, bare, addresses);
  refuseTaken(takenFor(state, bare, addresses));
  if (spec.primaryIpv6 === undefined) return { ...bare, secondary, ipv6 };
  const primaryIpv6 = read(spec.primaryIpv6);
  if (!ipv6.includes(primaryIpv6))
    throw new Error(`${primaryIpv6} is not among the IPv6 addresses`);
  return { ...bare, secondary, ipv6, primaryIpv6 };
}

function freeAddress(state: State, subnet: SubnetModel): Address {
  const [address] = freeAddresses(state, subnet, subnet.ipv4, 1);
  if (address !== undefined) return address;
  throw new Ec2Error(
    'InsufficientFreeAddressesInSubnet',
    `The specified subnet ${subnet.id} (${subnet.ipv4.cidr}) has no free address`,
  );
}

function read(text: string): Address {
  const address = parseAddress(text);
  if (address === undefined) throw new Error(`${text} is no IP address`);
  return address;
}
