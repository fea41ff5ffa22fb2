import * as z from 'zod';
import { Ec2Error, invalidParameterValue } from '../errors.ts';
import type { CidrReservation, State, SubnetModel } from '../model.ts';
import { requireSubnet } from '../resources.ts';
import { block, withSubnet } from '../subnets.ts';
import type { Xml } from '../xml.ts';
import { defineAction, dryRun } from './action.ts';

/** https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_CreateSubnetCidrReservation.html */
export const createSubnetCidrReservation = defineAction(
  z.strictObject({
    SubnetId: z.string(),
    Cidr: z.string(),
    ReservationType: z.enum(['explicit', 'prefix']),
    ...dryRun,
  }),
  ({ SubnetId, Cidr, ReservationType: type }, { state, ids, account }) => {
    const subnet = requireSubnet(state, SubnetId);
    const reservation: CidrReservation = { id: ids.next('scr'), type, ...blockIn(subnet, Cidr) };
    refuseOverlap(state, subnet, reservation);
    const after = { ...subnet, reservations: [...subnet.reservations, reservation] };
    return {
      answer: { subnetCidrReservation: toXml(SubnetId, account)(reservation) },
      state: withSubnet(state, after),
    };
  },
);

/** https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_GetSubnetCidrReservations.html */
export const getSubnetCidrReservations = defineAction(
  z.strictObject({ SubnetId: z.string(), ...dryRun }),
  ({ SubnetId }, { state, account }) => {
    const { reservations } = requireSubnet(state, SubnetId);
    const ofFamily = (family: 4 | 6): Xml[] =>
      reservations.filter(({ range }) => range.family === family).map(toXml(SubnetId, account));
    return {
      answer: {
        subnetIpv4CidrReservationSet: ofFamily(4),
        subnetIpv6CidrReservationSet: ofFamily(6),
      },
    };
  },
);

function blockIn({ ipv4, ipv6 }: SubnetModel, cidr: string): ReturnType<typeof block> {
  const reserved = block(cidr);
  const { first, last } = reserved.range;
  const isWithin = [ipv4, ...ipv6].some(
    ({ range }) =>
      range.family === reserved.range.family && range.first <= first && last <= range.last,
  );
  if (isWithin) return reserved;
  throw invalidParameterValue(`${cidr} is in none of the subnet's CIDR blocks`);
}

/** "When you reserve multiple CIDR ranges within the same VPC, the CIDR ranges cannot overlap." */
function refuseOverlap(
  { subnets }: State,
  { vpcId }: SubnetModel,
  { cidr, range }: CidrReservation,
) {
  const others = [...subnets.values()].filter((each) => each.vpcId === vpcId);
  const clash = others
    .flatMap(({ reservations }) => reservations)
    .find(
      (other) =>
        other.range.family === range.family &&
        other.range.first <= range.last &&
        range.first <= other.range.last,
    );
  if (clash === undefined) return;
  throw new Ec2Error('InvalidSubnet.Conflict', `${cidr} overlaps the reservation ${clash.id}`);
}

function toXml(subnetId: string, ownerId: string) {
  return ({ id, cidr, type }: CidrReservation): Xml => ({
    subnetCidrReservationId: id,
    subnetId,
    cidr,
    reservationType: type,
    ownerId,
  });
}
