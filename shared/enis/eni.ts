import type { Address, AddressRange } from '../address.ts';

/** One network interface as EC2 describes it. */
export interface Eni {
  readonly id: string;
  readonly vpcId: string;
  readonly subnetId: string;
  /** Lower case. */
  readonly mac: string;
  /** The instance that it is attached to; absent while detached. */
  readonly instanceId?: string;
  /** The attachment's device index; absent while detached. */
  readonly deviceIndex?: number;
  /** It carries the managed tag, is not at device index 0, and is not tagged for other clusters only. */
  readonly managed: boolean;
  /** The VPC CNI made it, for ordinary pods. */
  readonly ofVpcCni?: true;
  /** The clusters that its tags name (`kubernetes.io/cluster/<name>`, `cluster.k8s.amazonaws.com/name`). */
  readonly clusters: readonly string[];
  /** Its tags name other clusters only, as the cluster sees it that reads it: it is not managed. */
  readonly ofOtherCluster?: true;
  /** Addresses that are never touched: the primary IPv4 and a primary IPv6. */
  readonly primary: readonly Address[];
  /** The secondary private IP addresses, IPv4 and IPv6. */
  readonly secondary: readonly Address[];
  /** Delegated prefixes, IPv4 and IPv6. */
  readonly prefixes: readonly AddressRange[];
}

export interface Subnet {
  readonly id: string;
  /** The IPv4 block, and the IPv6 blocks that are associated. */
  readonly blocks: readonly AddressRange[];
}

/** Addresses that one interface of an instance type takes; the primary address counts. */
export interface InstanceLimits {
  /** How many interfaces an instance has; absent if EC2 does not say. */
  readonly interfaces?: number;
  readonly ipv4: number;
  readonly ipv6: number;
}
