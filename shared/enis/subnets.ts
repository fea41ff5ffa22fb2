import { DescribeSubnetsCommand } from '@aws-sdk/client-ec2';
import * as z from 'zod';
import { type AddressRange, parseCidr } from '../address.ts';
import type { Ec2 } from './ec2.ts';
import type { Subnet } from './eni.ts';

const described = z.object({
  SubnetId: z.string(),
  CidrBlock: z.string().optional(),
  Ipv6CidrBlockAssociationSet: z
    .array(
      z.object({
        Ipv6CidrBlock: z.string(),
        Ipv6CidrBlockState: z.object({ State: z.string().optional() }).optional(),
      }),
    )
    .default([]),
});

function toSubnet(subnet: z.infer<typeof described>): Subnet {
  const associated = subnet.Ipv6CidrBlockAssociationSet.filter(
    ({ Ipv6CidrBlockState: state }) => state?.State === undefined || state.State === 'associated',
  ).map((association) => association.Ipv6CidrBlock);
  const blocks = [subnet.CidrBlock, ...associated]
    .map((text) => (text === undefined ? undefined : parseCidr(text)))
    .filter((block): block is AddressRange => block !== undefined);
  return { id: subnet.SubnetId, blocks };
}

/** The subnets of `ids`, by id. One that EC2 does not know is missing from the answer. */
export type Subnets = (
  ids: readonly string[],
  signal?: AbortSignal,
) => Promise<ReadonlyMap<string, Subnet>>;

/**
 * Subnets by id, each asked for once in the life of the execution environment: a
 * subnet's IPv4 block never changes (Amazon VPC User Guide, "Subnet CIDR blocks"); an
 * IPv6 block that is associated later is seen by the next environment.
 */
export function cachedSubnets(ec2: Ec2): Subnets {
  const known = new Map<string, Subnet>();
  return async (ids, signal) => {
    const unknown = [...new Set(ids)].filter((id) => !known.has(id));
    if (unknown.length > 0) {
      const answer = await ec2.send(
        new DescribeSubnetsCommand({ Filters: [{ Name: 'subnet-id', Values: unknown }] }),
        { abortSignal: signal },
      );
      for (const entry of answer.Subnets ?? []) {
        const subnet = toSubnet(described.parse(entry));
        known.set(subnet.id, subnet);
      }
    }
    return known;
  };
}
