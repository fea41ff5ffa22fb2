import * as z from 'zod';
import {
  checkAssigned,
  checkLimit,
  checkSubnet,
  readAddresses,
  refuseTaken,
  takenFor,
} from '../assignment.ts';
import { chosenAddresses, countParameter } from '../chosen-addresses.ts';
import { invalidParameterValue } from '../errors.ts';
import { withEnis } from '../model.ts';
import { strings } from '../query.ts';
import { requireEni } from '../resources.ts';
import { defineAction } from './action.ts';

const assigned = z.strictObject({
  NetworkInterfaceId: z.string(),
  Ipv6Addresses: strings.optional(),
  Ipv6AddressCount: countParameter,
});
const unassigned = z.strictObject({ NetworkInterfaceId: z.string(), Ipv6Addresses: strings });

/**
 * https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_AssignIpv6Addresses.html
 *
 * There is no AllowReassignment for IPv6. AWS documents neither the code nor the
 * text of the refusals of an IPv6 address that is taken, or of one too many; those
 * of IPv4 stand in. Callers must not tell cases apart by their text.
 */
export const assignIpv6Addresses = defineAction(assigned, (asked, { state }) => {
  const eni = requireEni(state, asked.NetworkInterfaceId);
  const addresses = chosenAddresses(state, eni, 6, {
    named: ['Ipv6Addresses', asked.Ipv6Addresses],
    count: ['Ipv6AddressCount', asked.Ipv6AddressCount],
  });
  checkSubnet(state, eni, addresses);
  refuseTaken(takenFor(state, eni, addresses));
  const ipv6 = [...eni.ipv6, ...addresses.filter((address) => !eni.ipv6.includes(address))];
  const after = { ...eni, ipv6 };
  checkLimit(state, after);
  return {
    state: withEnis(state, after),
    answer: { networkInterfaceId: eni.id, assignedIpv6Addresses: addresses },
  };
});

/**
 * https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_UnassignIpv6Addresses.html
 *
 * The texts of the refusals are not documented; those of IPv4 stand in.
 */
export const unassignIpv6Addresses = defineAction(unassigned, (asked, { state }) => {
  const eni = requireEni(state, asked.NetworkInterfaceId);
  const addresses = readAddresses(asked.Ipv6Addresses, 6);
  checkAssigned(eni, addresses);
  if (eni.primaryIpv6 !== undefined && addresses.includes(eni.primaryIpv6)) {
    throw invalidParameterValue('The primary IPv6 address of an interface cannot be unassigned.');
  }
  const ipv6 = eni.ipv6.filter((address) => !addresses.includes(address));
  return {
    state: withEnis(state, { ...eni, ipv6 }),
    answer: { networkInterfaceId: eni.id, unassignedIpv6Addresses: addresses },
  };
});
