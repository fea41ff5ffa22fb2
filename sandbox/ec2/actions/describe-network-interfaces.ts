import * as z from 'zod';
import { Ec2Error } from '../errors.ts';
import { type FilterTable, filterList, matching } from '../filters.ts';
import type { NetworkInterface } from '../model.ts';
import { pageOf, pageParameters } from '../paging.ts';
import { idList } from '../query.ts';
import { requireEni } from '../resources.ts';
import type { Xml } from '../xml.ts';
import { defineAction, dryRun } from './action.ts';

const FILTERS: FilterTable<NetworkInterface> = {
  'addresses.private-ip-address': (eni) => [eni.primary, ...eni.secondary],
  'attachment.attachment-id': (eni) => [eni.attachment?.id],
  'attachment.device-index': (eni) => [eni.attachment?.deviceIndex.toString()],
  'attachment.instance-id': (eni) => [eni.attachment?.instanceId],
  'availability-zone': (eni) => [eni.zone],
  description: (eni) => [eni.description],
  'ipv6-addresses.ipv6-address': (eni) => eni.ipv6,
  'mac-address': (eni) => [eni.mac],
  'network-interface-id': (eni) => [eni.id],
  'private-ip-address': (eni) => [eni.primary, ...eni.secondary],
  status: (eni) => [statusOf(eni)],
  'subnet-id': (eni) => [eni.subnetId],
  'vpc-id': (eni) => [eni.vpcId],
};

/** https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_DescribeNetworkInterfaces.html */
export const describeNetworkInterfaces = defineAction(
  z.strictObject({
    NetworkInterfaceId: idList.optional(),
    Filter: filterList,
    ...pageParameters,
    ...dryRun,
  }),
  (request, { lagging, account }) => {
    if (request.NetworkInterfaceId !== undefined && request.MaxResults !== undefined) {
      throw new Ec2Error(
        'InvalidParameterCombination',
        'The parameters networkInterfaceId and maxResults cannot be used together',
      );
    }
    const asked = request.NetworkInterfaceId?.map((id) => requireEni(lagging, id));
    const matches = matching(request.Filter, FILTERS);
    const found = (asked ?? [...lagging.enis.values()]).filter(matches);
    const { items, nextToken } = pageOf(found, ({ id }) => id, request);
    return {
      answer: { networkInterfaceSet: items.map((eni) => eniXml(eni, account)), nextToken },
    };
  },
);

export function statusOf(eni: NetworkInterface): string {
  return eni.attachment === undefined ? 'available' : 'in-use';
}

/** As answers show an ENI. */
export function eniXml(eni: NetworkInterface, account: string): Xml {
  return {
    networkInterfaceId: eni.id,
    description: eni.description,
    subnetId: eni.subnetId,
    vpcId: eni.vpcId,
    availabilityZone: eni.zone,
    ownerId: account,
    requesterManaged: false,
    status: statusOf(eni),
    macAddress: eni.mac,
    interfaceType: 'interface',
    sourceDestCheck: true,
    privateIpAddress: eni.primary,
    privateIpAddressesSet: privateAddresses(eni),
    ipv6Address: eni.primaryIpv6,
    ipv6AddressesSet: eni.ipv6.map((ipv6Address) => ({
      ipv6Address,
      isPrimaryIpv6: ipv6Address === eni.primaryIpv6,
    })),
    ipv4PrefixSet: eni.ipv4Prefixes.map(({ cidr }) => ({ ipv4Prefix: cidr })),
    ipv6PrefixSet: eni.ipv6Prefixes.map(({ cidr }) => ({ ipv6Prefix: cidr })),
    attachment: attachmentOf(eni, account),
    tagSet: [...eni.tags].map(([key, value]) => ({ key, value })),
  };
}

export function privateAddresses(eni: NetworkInterface): Xml {
  return [eni.primary, ...eni.secondary].map((privateIpAddress) => {
    const publicIp = eni.elasticIps.get(privateIpAddress);
    return {
      privateIpAddress,
      primary: privateIpAddress === eni.primary,
      association: publicIp === undefined ? undefined : { publicIp },
    };
  });
}

function attachmentOf({ attachment }: NetworkInterface, account: string): Xml {
  if (attachment === undefined) return undefined;
  return {
    attachmentId: attachment.id,
    instanceId: attachment.instanceId,
    instanceOwnerId: account,
    deviceIndex: attachment.deviceIndex,
    networkCardIndex: 0,
    status: 'attached',
    attachTime: new Date(attachment.attachedAt).toISOString(),
    deleteOnTermination: attachment.deleteOnTermination,
  };
}
