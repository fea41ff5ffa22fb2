import type { Action } from './action.ts';
import { assignPrivateIpAddresses } from './assign-private-ip-addresses.ts';
import { createSubnetCidrReservation, getSubnetCidrReservations } from './cidr-reservations.ts';
import { createNetworkInterface, deleteNetworkInterface } from './create-network-interface.ts';
import { describeInstanceTypes } from './describe-instance-types.ts';
import { describeInstances } from './describe-instances.ts';
import { describeNetworkInterfaces } from './describe-network-interfaces.ts';
import { describeSubnets } from './describe-subnets.ts';
import { describeTags } from './describe-tags.ts';
import { assignIpv6Addresses, unassignIpv6Addresses } from './ipv6-addresses.ts';
import { createTags, deleteTags } from './tags.ts';
import { unassignPrivateIpAddresses } from './unassign-private-ip-addresses.ts';

/** The calls that this EC2 knows. */
export const ACTIONS: ReadonlyMap<string, Action> = new Map([
  ['AssignIpv6Addresses', assignIpv6Addresses],
  ['AssignPrivateIpAddresses', assignPrivateIpAddresses],
  ['CreateNetworkInterface', createNetworkInterface],
  ['CreateSubnetCidrReservation', createSubnetCidrReservation],
  ['CreateTags', createTags],
  ['DeleteNetworkInterface', deleteNetworkInterface],
  ['DeleteTags', deleteTags],
  ['DescribeInstanceTypes', describeInstanceTypes],
  ['DescribeInstances', describeInstances],
  ['DescribeNetworkInterfaces', describeNetworkInterfaces],
  ['DescribeSubnets', describeSubnets],
  ['DescribeTags', describeTags],
  ['GetSubnetCidrReservations', getSubnetCidrReservations],
  ['UnassignIpv6Addresses', unassignIpv6Addresses],
  ['UnassignPrivateIpAddresses', unassignPrivateIpAddresses],
]);
