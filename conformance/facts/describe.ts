import {
  DescribeInstanceTypesCommand,
  DescribeNetworkInterfacesCommand,
  DescribeSubnetsCommand,
  type Filter,
} from '@aws-sdk/client-ec2';
import type { Address } from '../../shared/address.ts';
import { cachedInstanceLimits } from '../../shared/enis/instance-limits.ts';
import { answerOf, assign } from '../calls.ts';
import type { Check, Seen } from '../check.ts';
import { emptied, type Lab, READS, readUntil } from '../lab.ts';
import { DESCRIBE, FILTERS } from './sources.ts';

const INVENTORY = 'shared/enis/inventory.ts';
/** No instance, subnet or instance type is called so. */
const NOBODY = {
  instance: 'i-00000000000000000',
  subnet: 'subnet-00000000000000000',
  type: 'none.large',
};

interface Find {
  readonly id: string;
  readonly fact: string;
  /** Assigned to ENI a before. */
  readonly given?: (lab: Lab) => readonly Address[];
  readonly filters: (lab: Lab) => Promise<readonly Filter[]>;
  readonly finds: 'a' | 'nothing';
}

/** A read by filters, with the page size that the product asks for. */
function find({ given, filters, finds, ...fact }: Find): Check {
  return {
    ...fact,
    expected: finds === 'a' ? 'finds ENI a, and no other of the run' : 'finds nothing',
    source: DESCRIBE,
    restsOn: INVENTORY,
    calls: 4 + 3 * READS,
    async run(lab) {
      await emptied(lab);
      const addresses = given?.(lab) ?? [];
      const a = lab.id('a');
      if (addresses.length > 0) await assign(lab, a, addresses);
      await readUntil(lab, (enis) =>
        addresses.every((each) => enis.get(a)?.secondary.includes(each)),
      );
      const Filters = [...(await filters(lab))];
      const command = new DescribeNetworkInterfacesCommand({ Filters, MaxResults: 1000 });
      const { NetworkInterfaces: found = [] } = await lab.ec2.send(command, {
        abortSignal: lab.signal,
      });
      const ids = found.map(({ NetworkInterfaceId: id }) => id);
      const seen =
        ids.length === 0
          ? 'finds nothing'
          : `finds ${ids.length}, a ${ids.includes(a) ? '' : 'not '}among them`;
      return {
        seen,
        asExpected: finds === 'a' ? ids.length === 1 && ids[0] === a : ids.length === 0,
      };
    },
  };
}

const by = (Name: string, values: (lab: Lab) => readonly string[]) => async (lab: Lab) => [
  { Name, Values: [...values(lab)] },
];

/** A filter with `count` values. */
function filterValues(count: number): Filter {
  return {
    Name: 'network-interface-id',
    Values: Array.from({ length: count }, (_, index) => `eni-${index}`),
  };
}

async function countOf(answers: readonly unknown[] | undefined): Promise<Seen> {
  const count = answers?.length ?? 0;
  return { asExpected: count === 0, seen: count === 0 ? 'nothing, and no error' : `${count}` };
}

/** What the reads of the product ask, and how it reads the answers. */
export const DESCRIBING: readonly Check[] = [
  find({
    id: 'filter-address',
    fact: 'addresses.private-ip-address finds who has a secondary address',
    given: (lab) => lab.free(1),
    filters: by('addresses.private-ip-address', (lab) => lab.free(1)),
    finds: 'a',
  }),
  find({
    id: 'filter-ipv6-address',
    fact: 'ipv6-addresses.ipv6-address finds who has an IPv6 address',
    given: (lab) => lab.free6(1),
    filters: by('ipv6-addresses.ipv6-address', (lab) => lab.free6(1)),
    finds: 'a',
  }),
  find({
    id: 'filter-address-vpc',
    fact: 'Filters are joined by "and": vpc-id beside an address',
    given: (lab) => lab.free(1),
    async filters(lab) {
      const vpcId = (await lab.read()).get(lab.id('a'))?.vpcId ?? '';
      return [
        { Name: 'addresses.private-ip-address', Values: [...lab.free(1)] },
        { Name: 'vpc-id', Values: [vpcId] },
      ];
    },
    finds: 'a',
  }),
  find({
    id: 'filter-instance',
    fact: 'attachment.instance-id with an instance that does not exist finds nothing, and is no error',
    filters: by('attachment.instance-id', () => [NOBODY.instance]),
    finds: 'nothing',
  }),
  {
    id: 'filter-tag',
    fact: 'tag:<key> finds the ENIs of a tag; each is read with its primary address apart',
    expected: 'the ENIs of the run, each with one primary address, a MAC and no instance',
    source: DESCRIBE,
    restsOn: INVENTORY,
    calls: READS,
    async run(lab) {
      const wanted = [lab.id('a'), lab.id('b')];
      const enis = await readUntil(lab, (read) => wanted.every((id) => read.has(id)));
      const well = wanted.filter((id) => {
        const eni = enis.get(id);
        const isMac = /^([0-9a-f]{2}:){5}[0-9a-f]{2}$/.test(eni?.mac ?? '');
        return eni?.primary.length === 1 && isMac && eni.instanceId === undefined;
      });
      return {
        asExpected: well.length === 2,
        seen: `${enis.size} ENIs; ${well.length} of a and b as they must be`,
      };
    },
  },
  {
    id: 'filter-200-values',
    fact: 'One filter takes 200 values, and not 201',
    expected: '200 are accepted; 201 are refused',
    source: FILTERS,
    restsOn: 'shared/enis/filters.ts',
    calls: 2,
    async run(lab) {
      const ask = (count: number) =>
        answerOf([], () =>
          lab.ec2.send(
            new DescribeNetworkInterfacesCommand({
              Filters: [filterValues(count)],
              MaxResults: 1000,
            }),
          ),
        );
      const [full, over] = [await ask(200), await ask(201)];
      const said = over.kind === 'refused' ? over.code : over.kind;
      return {
        asExpected: full.kind === 'accepted' && over.kind === 'refused',
        seen: `200: ${full.kind}; 201: ${said}`,
      };
    },
  },
  {
    id: 'subnet-unknown',
    fact: 'DescribeSubnets with a filter answers nothing for a subnet that does not exist',
    expected: 'nothing, and no error',
    source: 'EC2 API Reference, DescribeSubnets',
    restsOn: 'shared/enis/subnets.ts',
    calls: 1,
    async run({ ec2, signal }) {
      const Filters = [{ Name: 'subnet-id', Values: [NOBODY.subnet] }];
      const answer = await ec2.send(new DescribeSubnetsCommand({ Filters }), {
        abortSignal: signal,
      });
      return countOf(answer.Subnets);
    },
  },
  {
    id: 'type-unknown',
    fact: 'DescribeInstanceTypes with a filter answers nothing for a type that does not exist',
    expected: 'nothing, and no error',
    source: 'EC2 API Reference, DescribeInstanceTypes',
    restsOn: 'shared/enis/instance-limits.ts',
    calls: 1,
    async run({ ec2, signal }) {
      const Filters = [{ Name: 'instance-type', Values: [NOBODY.type] }];
      const answer = await ec2.send(new DescribeInstanceTypesCommand({ Filters }), {
        abortSignal: signal,
      });
      return countOf(answer.InstanceTypes);
    },
  },
  {
    id: 'type-limits',
    fact: 'An m5.large takes 10 IPv4 and 10 IPv6 addresses per interface, the primary one among them',
    expected: '10 and 10',
    source: 'EC2 User Guide, "IP addresses per network interface per instance type"',
    restsOn: 'shared/enis/instance-limits.ts',
    calls: 1,
    async run({ ec2, signal }) {
      const limits = await cachedInstanceLimits(ec2)('m5.large', signal);
      return {
        asExpected: limits?.ipv4 === 10 && limits.ipv6 === 10,
        seen: limits ? `${limits.ipv4} and ${limits.ipv6}` : 'EC2 does not say',
      };
    },
  },
];
