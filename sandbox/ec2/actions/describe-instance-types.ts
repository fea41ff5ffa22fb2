import * as z from 'zod';
import { Ec2Error } from '../errors.ts';
import { type FilterTable, filterList, matching } from '../filters.ts';
import type { InstanceType } from '../instance-types.ts';
import type { Tags } from '../model.ts';
import { pageOf, pageParameters } from '../paging.ts';
import { strings } from '../query.ts';
import type { Xml } from '../xml.ts';
import { defineAction, dryRun } from './action.ts';

const LARGEST_PAGE = 100;
const NO_TAGS: Tags = new Map();
const FILTERS: FilterTable<InstanceType & { tags: Tags }> = {
  'instance-type': (type) => [type.name],
};

/** https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_DescribeInstanceTypes.html */
export const describeInstanceTypes = defineAction(
  z.strictObject({
    InstanceType: strings.max(100).optional(),
    Filter: filterList,
    ...pageParameters,
    ...dryRun,
  }),
  (request, { state }) => {
    const missing = request.InstanceType?.filter((name) => !state.instanceTypes.has(name)) ?? [];
    if (missing.length > 0) {
      const list = missing.join(', ');
      throw new Ec2Error(
        'InvalidInstanceType',
        `The following supplied instance types do not exist: [${list}]`,
      );
    }
    const asked = request.InstanceType;
    const passes = matching(request.Filter, FILTERS);
    const found = [...state.instanceTypes.values()]
      .map((type) => ({ ...type, tags: NO_TAGS }))
      .filter((type) => (asked === undefined || asked.includes(type.name)) && passes(type));
    const { items, nextToken } = pageOf(found, ({ name }) => name, request, LARGEST_PAGE);
    return { answer: { instanceTypeSet: items.map(toXml), nextToken } };
  },
);

function toXml(type: InstanceType): Xml {
  return {
    instanceType: type.name,
    networkInfo: {
      maximumNetworkInterfaces: type.interfaces,
      ipv4AddressesPerInterface: type.ipv4,
      ipv6AddressesPerInterface: type.ipv6,
      ipv6Supported: type.ipv6 > 0,
    },
  };
}
