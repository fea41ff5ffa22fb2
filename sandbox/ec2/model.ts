import { type Address, type AddressRange, contains } from '../../shared/address.ts';
import type { InstanceType } from './instance-types.ts';

export type Tags = ReadonlyMap<string, string>;

/** An address block together with its text. */
export interface Block {
  readonly cidr: string;
  readonly range: AddressRange;
}

/** Addresses of a subnet that EC2 chooses for nothing. */
export interface CidrReservation extends Block {
  readonly id: string;
  readonly type: 'explicit' | 'prefix';
}

export interface SubnetModel {
  readonly id: string;
  readonly vpcId: string;
  readonly zone: string;
  readonly ipv4: Block;
  readonly ipv6: readonly Block[];
  readonly reservations: readonly CidrReservation[];
  readonly tags: Tags;
}

export interface AttachmentModel {
  readonly id: string;
  readonly instanceId: string;
  readonly deviceIndex: number;
  readonly deleteOnTermination: boolean;
  /** Milliseconds since the epoch. */
  readonly attachedAt: number;
}

export interface NetworkInterface {
  readonly id: string;
  readonly vpcId: string;
  readonly subnetId: string;
  readonly zone: string;
  readonly mac: string;
  readonly tags: Tags;
  readonly description?: string;
  /** Of the call that created it: the same call once more creates no second one. */
  readonly clientToken?: string;
  /** Absent while detached. */
  readonly attachment?: AttachmentModel;
  readonly primary: Address;
  readonly secondary: readonly Address[];
  readonly ipv6: readonly Address[];
  /** The one of `ipv6` that is the primary IPv6 address, if any is. */
  readonly primaryIpv6?: Address;
  readonly ipv4Prefixes: readonly Block[];
  readonly ipv6Prefixes: readonly Block[];
  /** Elastic IP addresses by the private address that they are associated with. */
  readonly elasticIps: ReadonlyMap<Address, string>;
}

export interface Instance {
  readonly id: string;
  readonly type: string;
  readonly vpcId: string;
  readonly privateDnsName: string;
  readonly state: 'running' | 'terminated';
  /** Milliseconds since the epoch. */
  readonly launchedAt: number;
  readonly tags: Tags;
}

/** Everything that EC2 knows at one moment. It is never changed, only replaced. */
export interface State {
  readonly vpcs: ReadonlySet<string>;
  readonly subnets: ReadonlyMap<string, SubnetModel>;
  readonly instances: ReadonlyMap<string, Instance>;
  readonly enis: ReadonlyMap<string, NetworkInterface>;
  readonly instanceTypes: ReadonlyMap<string, InstanceType>;
}

export function withEnis(state: State, ...changed: readonly NetworkInterface[]): State {
  const enis = new Map(state.enis);
  for (const eni of changed) enis.set(eni.id, eni);
  return { ...state, enis };
}

export function enisOf(state: State, instanceId: string): NetworkInterface[] {
  return [...state.enis.values()]
    .filter((eni) => eni.attachment?.instanceId === instanceId)
    .sort((a, b) => (a.attachment?.deviceIndex ?? 0) - (b.attachment?.deviceIndex ?? 0));
}

/** The addresses that an ENI has one by one, not those of its prefixes. */
export function addressesOf(eni: NetworkInterface): readonly Address[] {
  return [eni.primary, ...eni.secondary, ...eni.ipv6];
}

/** In which of its roles an ENI has an address. */
export type HoldingRole = 'primary' | 'secondary' | 'ipv6' | 'prefix';

/** The role in which `eni` has `address`; `undefined` if it does not have it. */
function roleOf(eni: NetworkInterface, address: Address): HoldingRole | undefined {
  if (eni.primary === address || eni.primaryIpv6 === address) return 'primary';
  if (eni.secondary.includes(address)) return 'secondary';
  if (eni.ipv6.includes(address)) return 'ipv6';
  const holds = ({ range }: Block): boolean => contains(range, address);
  return eni.ipv4Prefixes.some(holds) || eni.ipv6Prefixes.some(holds) ? 'prefix' : undefined;
}

/** The ENI of the VPC that has the address; addresses are unique within a VPC. */
export function findHolder(
  state: State,
  vpcId: string,
  address: Address,
): { readonly eni: NetworkInterface; readonly role: HoldingRole } | undefined {
  for (const eni of state.enis.values()) {
    if (eni.vpcId !== vpcId) continue;
    const role = roleOf(eni, address);
    if (role !== undefined) return { eni, role };
  }
  return undefined;
}
