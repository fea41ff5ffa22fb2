/** What one interface of an instance type takes, and how many interfaces an instance has. */
export interface InstanceType {
  readonly name: string;
  readonly interfaces: number;
  /** Private IPv4 addresses per interface: the primary and every delegated prefix count. */
  readonly ipv4: number;
  /** IPv6 addresses per interface; 0 if the type does not support IPv6. */
  readonly ipv6: number;
}

/** https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/AvailableIpPerENI.html */
const FIGURES: readonly (readonly [
  name: string,
  interfaces: number,
  ipv4: number,
  ipv6: number,
])[] = [
  ['t3.micro', 2, 2, 2],
  ['t3.small', 3, 4, 4],
  ['t3.medium', 3, 6, 6],
  ['t3.large', 3, 12, 12],
  ['t3.xlarge', 4, 15, 15],
  ['m3.medium', 2, 6, 0],
  ['m5.large', 3, 10, 10],
  ['m5.xlarge', 4, 15, 15],
  ['m5.2xlarge', 4, 15, 15],
  ['m5.4xlarge', 8, 30, 30],
  ['m5.24xlarge', 15, 50, 50],
  ['c5.large', 3, 10, 10],
  ['c5.xlarge', 4, 15, 15],
  ['r5.large', 3, 10, 10],
];

export const INSTANCE_TYPES: ReadonlyMap<string, InstanceType> = new Map(
  FIGURES.map(([name, interfaces, ipv4, ipv6]) => [name, { name, interfaces, ipv4, ipv6 }]),
);
