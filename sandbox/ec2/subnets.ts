import { parseCidr } from '../../shared/address.ts';
import type { Block, State, SubnetModel } from './model.ts';
import { requireSubnet } from './resources.ts';

export interface SubnetSpec {
  readonly vpcId?: string;
  readonly cidr: string;
  readonly ipv6Cidrs?: readonly string[];
  /** The region's zone `a` unless given. */
  readonly zone?: string;
  readonly tags?: Readonly<Record<string, string>>;
}

export function subnetOf(
  spec: SubnetSpec,
  defaults: { readonly id: string; readonly vpcId: string; readonly zone: string },
): SubnetModel {
  return {
    id: defaults.id,
    vpcId: spec.vpcId ?? defaults.vpcId,
    zone: spec.zone ?? defaults.zone,
    ipv4: block(spec.cidr),
    ipv6: (spec.ipv6Cidrs ?? []).map(block),
    reservations: [],
    tags: new Map(Object.entries(spec.tags ?? {})),
  };
}

/** @throws Error if the subnet's VPC is not there, or another subnet of it overlaps. */
export function withSubnet(state: State, subnet: SubnetModel): State {
  if (!state.vpcs.has(subnet.vpcId)) throw new Error(`there is no VPC ${subnet.vpcId}`);
  for (const other of state.subnets.values()) {
    if (other.id === subnet.id) continue;
    if (other.vpcId === subnet.vpcId && overlap(other.ipv4, subnet.ipv4)) {
      throw new Error(`${subnet.ipv4.cidr} overlaps ${other.ipv4.cidr} of ${other.id}`);
    }
  }
  return { ...state, subnets: new Map(state.subnets).set(subnet.id, subnet) };
}

function overlap(a: Block, b: Block): boolean {
  return a.range.first <= b.range.last && b.range.first <= a.range.last;
}

/** Gives the subnet the one IPv6 block that it may have. @throws Error if it has one. */
export function withIpv6(state: State, subnetId: string, cidr: string): State {
  const subnet = requireSubnet(state, subnetId);
  if (subnet.ipv6.length > 0) throw new Error(`${subnetId} has an IPv6 block`);
  return withSubnet(state, { ...subnet, ipv6: [block(cidr)] });
}

/** Keeps a range of the subnet for those who name addresses of it. */
export function withReservation(
  state: State,
  subnetId: string,
  { id, cidr }: { readonly id: string; readonly cidr: string },
): State {
  const subnet = requireSubnet(state, subnetId);
  const reservation = { id, type: 'explicit', ...block(cidr) } as const;
  return withSubnet(state, { ...subnet, reservations: [...subnet.reservations, reservation] });
}

/** The subnet's block can go only while no ENI has an address of it. */
export function withoutIpv6(state: State, subnetId: string): State {
  const subnet = requireSubnet(state, subnetId);
  for (const { id, subnetId: of, ipv6 } of state.enis.values()) {
    if (of === subnetId && ipv6.length > 0) throw new Error(`${id} has ${ipv6.join(', ')}`);
  }
  return withSubnet(state, { ...subnet, ipv6: [] });
}

/** @throws Error if the text is no CIDR block. */
export function block(cidr: string): Block {
  const range = parseCidr(cidr);
  if (range === undefined) throw new Error(`${cidr} is no CIDR block`);
  return { cidr, range };
}
