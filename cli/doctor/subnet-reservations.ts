import { GetSubnetCidrReservationsCommand } from '@aws-sdk/client-ec2';
import * as z from 'zod';
import { type AddressRange, parseCidr } from '../../shared/address.ts';
import type { Ec2 } from '../../shared/enis/ec2.ts';
import type { View } from '../view/view.ts';

/** A range of a subnet that AWS gives to nothing by itself. */
export interface SubnetReservation {
  /** `explicit`: for addresses that somebody chooses; `prefix`: for delegated prefixes. */
  readonly type: 'explicit' | 'prefix';
  readonly range: AddressRange;
}

/** By the subnet's id. */
export type SubnetReservations = ReadonlyMap<string, readonly SubnetReservation[]>;

const reservation = z.object({
  ReservationType: z.enum(['explicit', 'prefix']),
  Cidr: z.string(),
});
const page = z.object({
  SubnetIpv4CidrReservations: z.array(reservation).default([]),
  SubnetIpv6CidrReservations: z.array(reservation).default([]),
  NextToken: z.string().optional(),
});

/**
 * The reservations of the subnets that managed ENIs are in.
 *
 * @throws what EC2 refuses with.
 */
export async function readSubnetReservations(
  ec2: Ec2,
  { nodes }: View,
): Promise<SubnetReservations> {
  const managed = [...nodes.values()].flatMap(({ state }) =>
    state.enis.filter((eni) => eni.managed).map(({ subnetId }) => subnetId),
  );
  const found = new Map<string, SubnetReservation[]>();
  for (const subnetId of new Set(managed)) found.set(subnetId, await reservationsOf(ec2, subnetId));
  return found;
}

async function reservationsOf(ec2: Ec2, SubnetId: string): Promise<SubnetReservation[]> {
  const found: SubnetReservation[] = [];
  let NextToken: string | undefined;
  do {
    const command = new GetSubnetCidrReservationsCommand({ SubnetId, NextToken });
    const answer = page.parse(await ec2.send(command));
    const { SubnetIpv4CidrReservations: ipv4, SubnetIpv6CidrReservations: ipv6 } = answer;
    for (const { ReservationType: type, Cidr } of [...ipv4, ...ipv6]) {
      const range = parseCidr(Cidr);
      if (range !== undefined) found.push({ type, range });
    }
    NextToken = answer.NextToken;
  } while (NextToken !== undefined);
  return found;
}
