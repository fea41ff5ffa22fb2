import * as z from 'zod';
import { Ec2Error } from '../errors.ts';
import { type FilterTable, filterList, matching } from '../filters.ts';
import { enisOf, type Instance, type NetworkInterface } from '../model.ts';
import { pageOf, pageParameters } from '../paging.ts';
import { idList } from '../query.ts';
import { requireInstance } from '../resources.ts';
import type { Xml } from '../xml.ts';
import { defineAction, dryRun, type View } from './action.ts';
import { privateAddresses, statusOf } from './describe-network-interfaces.ts';

const FILTERS: FilterTable<Instance> = {
  'instance-id': (instance) => [instance.id],
  'instance-state-name': (instance) => [instance.state],
  'instance-type': (instance) => [instance.type],
  'private-dns-name': (instance) => [instance.privateDnsName],
  'vpc-id': (instance) => [instance.vpcId],
};

/** https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_DescribeInstances.html */
export const describeInstances = defineAction(
  z.strictObject({
    InstanceId: idList.optional(),
    Filter: filterList,
    ...pageParameters,
    ...dryRun,
  }),
  (request, view) => {
    if (request.InstanceId !== undefined && request.MaxResults !== undefined) {
      throw new Ec2Error(
        'InvalidParameterCombination',
        'The parameters instanceId and maxResults cannot be used together',
      );
    }
    const asked = request.InstanceId?.map((id) => requireInstance(view.state, id));
    const matches = matching(request.Filter, FILTERS);
    const found = (asked ?? [...view.state.instances.values()]).filter(matches);
    const { items, nextToken } = pageOf(found, ({ id }) => id, request);
    return { answer: { reservationSet: items.map((item) => toXml(item, view)), nextToken } };
  },
);

/** Every instance is a reservation of its own. */
function toXml(instance: Instance, { state, account }: View): Xml {
  const enis = enisOf(state, instance.id);
  const first = enis[0];
  return {
    reservationId: instance.id.replace(/^i-/, 'r-'),
    ownerId: account,
    instancesSet: [
      {
        instanceId: instance.id,
        instanceType: instance.type,
        instanceState: STATES[instance.state],
        launchTime: new Date(instance.launchedAt).toISOString(),
        privateDnsName: instance.privateDnsName,
        privateIpAddress: first?.primary,
        subnetId: first?.subnetId,
        vpcId: instance.vpcId,
        placement: first === undefined ? undefined : { availabilityZone: first.zone },
        networkInterfaceSet: enis.map(interfaceXml),
        tagSet: [...instance.tags].map(([key, value]) => ({ key, value })),
      },
    ],
  };
}

const STATES = {
  running: { code: 16, name: 'running' },
  terminated: { code: 48, name: 'terminated' },
} as const;

function interfaceXml(eni: NetworkInterface): Xml {
  return {
    networkInterfaceId: eni.id,
    subnetId: eni.subnetId,
    vpcId: eni.vpcId,
    macAddress: eni.mac,
    status: statusOf(eni),
    privateIpAddress: eni.primary,
    privateIpAddressesSet: privateAddresses(eni),
    ipv6AddressesSet: eni.ipv6.map((ipv6Address) => ({ ipv6Address })),
    attachment: {
      attachmentId: eni.attachment?.id,
      deviceIndex: eni.attachment?.deviceIndex,
      status: 'attached',
    },
  };
}
