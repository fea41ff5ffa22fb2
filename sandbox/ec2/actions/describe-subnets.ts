import * as z from 'zod';
import { Ec2Error } from '../errors.ts';
import { type FilterTable, filterList, matching } from '../filters.ts';
import type { State, SubnetModel } from '../model.ts';
import { pageOf, pageParameters } from '../paging.ts';
import { idList } from '../query.ts';
import type { Xml } from '../xml.ts';
import { defineAction } from './action.ts';

const FILTERS: FilterTable<SubnetModel> = {
  'availability-zone': (subnet) => [subnet.zone],
  'cidr-block': (subnet) => [subnet.ipv4.cidr],
  'ipv6-cidr-block-association.ipv6-cidr-block': (subnet) => subnet.ipv6.map(({ cidr }) => cidr),
  'subnet-id': (subnet) => [subnet.id],
  'vpc-id': (subnet) => [subnet.vpcId],
};

/** https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_DescribeSubnets.html */
export const describeSubnets = defineAction(
  z.strictObject({ SubnetId: idList.optional(), Filter: filterList, ...pageParameters }),
  (request, { state, account }) => {
    const asked = request.SubnetId?.map((id) => requireSubnet(state, id));
    const matches = matching(request.Filter, FILTERS);
    const found = (asked ?? [...state.subnets.values()]).filter(matches);
    const { items, nextToken } = pageOf(found, ({ id }) => id, request);
    return { answer: { subnetSet: items.map((subnet) => toXml(subnet, account)), nextToken } };
  },
);

function requireSubnet(state: State, id: string): SubnetModel {
  const subnet = state.subnets.get(id);
  if (subnet !== undefined) return subnet;
  throw new Ec2Error('InvalidSubnetID.NotFound', `The subnet ID '${id}' does not exist`);
}

function toXml(subnet: SubnetModel, account: string): Xml {
  return {
    subnetId: subnet.id,
    vpcId: subnet.vpcId,
    state: 'available',
    ownerId: account,
    availabilityZone: subnet.zone,
    cidrBlock: subnet.ipv4.cidr,
    ipv6CidrBlockAssociationSet: subnet.ipv6.map(({ cidr }) => ({
      ipv6CidrBlock: cidr,
      ipv6CidrBlockState: { state: 'associated' },
    })),
    tagSet: [...subnet.tags].map(([key, value]) => ({ key, value })),
  };
}
