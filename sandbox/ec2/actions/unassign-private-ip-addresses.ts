import * as z from 'zod';
import { checkAssigned, readAddresses } from '../assignment.ts';
import { invalidParameterValue } from '../errors.ts';
import { withEnis } from '../model.ts';
import { strings } from '../query.ts';
import { requireEni } from '../resources.ts';
import { defineAction } from './action.ts';

/** https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_UnassignPrivateIpAddresses.html */
export const unassignPrivateIpAddresses = defineAction(
  z.strictObject({ NetworkInterfaceId: z.string(), PrivateIpAddress: strings }),
  (request, { state }) => {
    const eni = requireEni(state, request.NetworkInterfaceId);
    const addresses = readAddresses(request.PrivateIpAddress, 4);
    checkAssigned(eni, addresses);
    if (addresses.includes(eni.primary)) {
      throw invalidParameterValue('The primary IP address of an interface cannot be unassigned.');
    }
    const secondary = eni.secondary.filter((address) => !addresses.includes(address));
    const elasticIps = new Map(
      [...eni.elasticIps].filter(([address]) => !addresses.includes(address)),
    );
    return {
      state: withEnis(state, { ...eni, secondary, elasticIps }),
      answer: { return: true },
    };
  },
);
