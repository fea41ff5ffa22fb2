import * as z from 'zod';
import { type FilterTable, filterList, matching } from '../filters.ts';
import { availableCount } from '../free-addresses.ts';
import type { State, SubnetModel } from '../model.ts';
import { pageOf, pageParameters } from '../paging.ts';
import { idList } from '../query.ts';
import { requireSubnet } from '../resources.ts';
import type { Xml } from '../xml.ts';
import { defineAction, dryRun, type View } from './action.ts';

const filtersFor = (state: State): FilterTable<SubnetModel> => ({
  'availability-zone': (subnet) => [subnet.zone],
  'available-ip-address-count': (subnet) => [availableCount(state, subnet).toString()],
  'cidr-block': (subnet) => [subnet.ipv4.cidr],
  'ipv6-cidr-block-association.ipv6-cidr-block': (subnet) => subnet.ipv6.map(({ cidr }) => cidr),
  'subnet-id': (subnet) => [subnet.id],
  'vpc-id': (subnet) => [subnet.vpcId],
});

/** https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_DescribeSubnets.html */
export const describeSubnets = defineAction(
  z.strictObject({ SubnetId: idList.optional(), Filter: filterList, ...pageParameters, ...dryRun }),
  (request, view) => {
    const asked = request.SubnetId?.map((id) => requireSubnet(view.state, id));
    const matches = matching(request.Filter, filtersFor(view.state));
    const found = (asked ?? [...view.state.subnets.values()]).filter(matches);
    const { items, nextToken } = pageOf(found, ({ id }) => id, request);
    return { answer: { subnetSet: items.map((subnet) => toXml(subnet, view)), nextToken } };
  },
);

function toXml(subnet: SubnetModel, { state, account }: View): Xml {
  return {
    subnetId: subnet.id,
    vpcId: subnet.vpcId,
    state: 'available',
    ownerId: account,
    availabilityZone: subnet.zone,
    cidrBlock: subnet.ipv4.cidr,
    availableIpAddressCount: availableCount(state, subnet),
    ipv6CidrBlockAssociationSet: subnet.ipv6.map(({ cidr }) => ({
      ipv6CidrBlock: cidr,
      ipv6CidrBlockState: { state: 'associated' },
    })),
    tagSet: [...subnet.tags].map(([key, value]) => ({ key, value })),
  };
}
