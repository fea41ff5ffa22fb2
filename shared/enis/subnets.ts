import { DescribeSubnetsCommand } from '@aws-sdk/client-ec2';
import * as z from 'zod';
import { type AddressRange, parseCidr } from '../address.ts';
import type { Ec2 } from './ec2.ts';
import type { Subnet } from './eni.ts';
import { cachedLookUps, type LookUps } from './look-ups.ts';

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

/**
 * Subnets by id. A subnet's IPv4 block never changes. IPv6 blocks can come and go at any time (Amazon
 * VPC User Guide, "Subnet CIDR blocks"), so a known subnet may have others by now.
 */
export type Subnets = LookUps<Subnet>;

/** @returns throws what the SDK throws. */
export function cachedSubnets(ec2: Ec2): Subnets {
  return cachedLookUps(async (ids) => {
    const filter = { Name: 'subnet-id', Values: [...ids] };
    const answer = await ec2.send(new DescribeSubnetsCommand({ Filters: [filter] }));
    const subnets = (answer.Subnets ?? []).map((entry) => toSubnet(described.parse(entry)));
    return new Map(subnets.map((subnet) => [subnet.id, subnet]));
  });
}
