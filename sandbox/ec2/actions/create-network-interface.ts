import * as z from 'zod';
import { createEni } from '../create-eni.ts';
import { Ec2Error, invalidParameterValue } from '../errors.ts';
import { withEnis } from '../model.ts';
import { requireEni, requireSubnet } from '../resources.ts';
import { defineAction, dryRun } from './action.ts';
import { eniXml } from './describe-network-interfaces.ts';

const tag = z.strictObject({ Key: z.string().min(1), Value: z.string().default('') });
const tagSpecification = z.strictObject({
  ResourceType: z.literal('network-interface'),
  Tag: z.array(tag).default([]),
});

/**
 * https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_CreateNetworkInterface.html
 *
 * "If you retry a request … using the same client token", nothing is created by it (Amazon EC2
 * Developer Guide, "Ensuring idempotency").
 */
export const createNetworkInterface = defineAction(
  z.strictObject({
    SubnetId: z.string(),
    Description: z.string().optional(),
    PrivateIpAddress: z.ipv4().optional(),
    TagSpecification: z.array(tagSpecification).default([]),
    ClientToken: z.string().optional(),
    ...dryRun,
  }),
  (request, { state, ids, account }) => {
    const { ClientToken: clientToken } = request;
    const before = [...state.enis.values()].find(
      (eni) => clientToken !== undefined && eni.clientToken === clientToken,
    );
    if (before !== undefined && before.subnetId !== request.SubnetId) {
      const message = 'The request is not the same as the one before with this client token.';
      throw new Ec2Error('IdempotentParameterMismatch', message);
    }
    const tags = request.TagSpecification.flatMap(({ Tag }) => Tag);
    const eni =
      before ??
      createEni(state, ids, {
        subnetId: requireSubnet(state, request.SubnetId).id,
        primary: request.PrivateIpAddress,
        description: request.Description,
        tags: Object.fromEntries(tags.map(({ Key, Value }) => [Key, Value])),
        clientToken,
      });
    return { state: withEnis(state, eni), answer: { networkInterface: eniXml(eni, account) } };
  },
);

/**
 * https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_DeleteNetworkInterface.html: "You must
 * detach the network interface before you can delete it."
 */
export const deleteNetworkInterface = defineAction(
  z.strictObject({ NetworkInterfaceId: z.string(), ...dryRun }),
  (request, { state }) => {
    const eni = requireEni(state, request.NetworkInterfaceId);
    if (eni.attachment !== undefined) {
      throw invalidParameterValue(`Network interface '${eni.id}' is currently in use.`);
    }
    const enis = new Map(state.enis);
    enis.delete(eni.id);
    return { state: { ...state, enis }, answer: { return: true } };
  },
);
