import * as z from 'zod';
import type { Address } from '../../../shared/address.ts';
import { checkLimit, checkSubnet, refuseTaken, type Taken, takenFor } from '../assignment.ts';
import { chosenAddresses, countParameter } from '../chosen-addresses.ts';
import { type NetworkInterface, withEnis } from '../model.ts';
import { flag, strings } from '../query.ts';
import { requireEni } from '../resources.ts';
import { defineAction } from './action.ts';

/** https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_AssignPrivateIpAddresses.html */
export const assignPrivateIpAddresses = defineAction(
  z.strictObject({
    NetworkInterfaceId: z.string(),
    PrivateIpAddress: strings.optional(),
    SecondaryPrivateIpAddressCount: countParameter,
    AllowReassignment: flag.default(false),
  }),
  (request, { state }) => {
    const eni = requireEni(state, request.NetworkInterfaceId);
    const addresses = chosenAddresses(state, eni, 4, {
      named: ['PrivateIpAddress', request.PrivateIpAddress],
      count: ['SecondaryPrivateIpAddressCount', request.SecondaryPrivateIpAddressCount],
    });
    checkSubnet(state, eni, addresses);
    const taken = takenFor(state, eni, addresses);
    const moved = request.AllowReassignment ? taken.filter(canMove) : [];
    refuseTaken(taken.filter((item) => !moved.includes(item)));
    const added = addresses.filter((address) => !eni.secondary.includes(address));
    const secondary = [...eni.secondary, ...added];
    const elasticIps = new Map([...eni.elasticIps, ...moved.flatMap(elasticIpOf)]);
    const after = { ...eni, secondary, elasticIps };
    checkLimit(state, after);
    return {
      state: withEnis(state, ...withoutMoved(moved), after),
      answer: {
        networkInterfaceId: eni.id,
        assignedPrivateIpAddressesSet: addresses.map((privateIpAddress) => ({ privateIpAddress })),
        return: true,
      },
    };
  },
);

/** A primary address and one inside a delegated prefix stay where they are, whatever is allowed. */
function canMove({ role }: Taken): boolean {
  return role === 'secondary';
}

function elasticIpOf({ address, holder }: Taken): [Address, string][] {
  const elasticIp = holder.elasticIps.get(address);
  return elasticIp === undefined ? [] : [[address, elasticIp]];
}

function withoutMoved(moved: readonly Taken[]): NetworkInterface[] {
  const gone = new Set(moved.map(({ address }) => address));
  return moved.map(({ holder }) => ({
    ...holder,
    secondary: holder.secondary.filter((address) => !gone.has(address)),
    elasticIps: new Map([...holder.elasticIps].filter(([address]) => !gone.has(address))),
  }));
}
