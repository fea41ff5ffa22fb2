import fc from 'fast-check';
import * as z from 'zod';
import { parseAddress } from '../../../shared/address.ts';
import { DEFAULT_MANAGED_TAG, type Ec2 } from '../../../shared/enis/ec2.ts';
import { ec2RefusalOf } from '../../../shared/enis/ec2-errors.ts';
import { cachedInstanceLimits } from '../../../shared/enis/instance-limits.ts';
import { eniInventory } from '../../../shared/enis/inventory.ts';
import { cachedSubnets } from '../../../shared/enis/subnets.ts';
import { hostileText, mutated } from '../hostile.ts';
import { checkDetail } from '../result.ts';
import { fuzzTarget } from '../target.ts';
import { checkCanonical } from './annotations.ts';
import { block } from './values.ts';

/** An EC2 that gives one answer, and then the empty last page of it. */
function answering(answer: object): Ec2 {
  const answers = [answer];
  return { send: async () => answers.shift() ?? {} };
}

const ipv4 = fc.constantFrom('172.16.1.10', '172.16.1.70', '172.16.1.71');
const ipv6 = fc.constantFrom('2600:1f18:1111:1::70', '2600:1f18:1111:0001::71');

const networkInterface = fc.record(
  {
    NetworkInterfaceId: fc.constant('eni-0123456789abcdef0'),
    VpcId: fc.constant('vpc-1'),
    SubnetId: fc.constant('subnet-1'),
    MacAddress: fc.constant('02:00:00:00:00:01'),
    Attachment: fc.record({ InstanceId: fc.constant('i-0abc'), DeviceIndex: fc.nat(2) }),
    TagSet: fc.constant([{ Key: DEFAULT_MANAGED_TAG.key, Value: DEFAULT_MANAGED_TAG.value }]),
    PrivateIpAddresses: fc.array(fc.record({ PrivateIpAddress: ipv4, Primary: fc.boolean() }), {
      maxLength: 3,
    }),
    Ipv6Addresses: fc.array(fc.record({ Ipv6Address: ipv6 }), { maxLength: 2 }),
    Ipv4Prefixes: fc.array(fc.record({ Ipv4Prefix: block }), { maxLength: 1 }),
  },
  { requiredKeys: ['NetworkInterfaceId', 'VpcId', 'SubnetId'] },
);

const subnet = fc.record({
  SubnetId: fc.constant('subnet-1'),
  CidrBlock: block,
  Ipv6CidrBlockAssociationSet: fc.array(
    fc.record({
      Ipv6CidrBlock: block,
      Ipv6CidrBlockState: fc.record({ State: fc.constantFrom('associated', 'disassociated') }),
    }),
    { maxLength: 2 },
  ),
});

const instanceType = fc.record({
  InstanceType: fc.constant('m5.large'),
  NetworkInfo: fc.record({
    Ipv4AddressesPerInterface: fc.integer(),
    Ipv6AddressesPerInterface: fc.integer(),
  }),
});

const ASKED = ['172.16.1.70', '172.16.1.71', '2600:1f18:1111:1::70']
  .map(parseAddress)
  .filter((address) => address !== undefined);

const refusal = fc.record({
  name: fc.oneof(
    fc.constantFrom(
      'InvalidParameterValue',
      'PrivateIpAddressLimitExceeded',
      'InvalidParameterCombination',
      'RequestLimitExceeded',
    ),
    hostileText,
  ),
  message: fc
    .array(
      fc.oneof(
        fc.constantFrom(
          '[172.16.1.70] assigned, but move is not allowed.',
          'Some of [172.16.1.70, 172.16.1.71] are not assigned to interface eni-0abc.',
          'Address does not fall within the subnet',
          'The primary IP address of an interface cannot be unassigned',
        ),
        hostileText,
      ),
      { maxLength: 3 },
    )
    .map((parts) => parts.join(' ')),
});

/** XML knows no list items but text and elements, of which the SDK makes objects. */
const objects = (name: string, item: fc.Arbitrary<unknown>) =>
  fc.array(mutated(item).filter(isObject), { maxLength: 3 }).map((items) => ({ [name]: items }));

function isObject(value: unknown): boolean {
  return typeof value === 'object' && value !== null;
}

export const EC2 = [
  fuzzTarget({
    name: 'DescribeNetworkInterfaces',
    inputs: objects('NetworkInterfaces', networkInterface),
    async read(answer) {
      const enis = await eniInventory(answering(answer), DEFAULT_MANAGED_TAG).managed();
      checkCanonical(enis.flatMap(({ primary, secondary }) => [...primary, ...secondary]));
      const wrong = enis.find(({ managed, deviceIndex }) => managed && deviceIndex === 0);
      if (wrong !== undefined) throw new TypeError('device index 0 is managed');
      return enis;
    },
    mayThrow: namesTheCall,
  }),
  fuzzTarget({
    name: 'DescribeSubnets',
    inputs: objects('Subnets', subnet),
    read: (answer) => cachedSubnets(answering(answer)).of(['subnet-1']),
    mayThrow: (error) => error instanceof z.ZodError || namesTheCall(error),
  }),
  fuzzTarget({
    name: 'DescribeInstanceTypes',
    inputs: objects('InstanceTypes', instanceType),
    async read(answer) {
      const limits = await cachedInstanceLimits(answering(answer))('m5.large');
      if (limits !== undefined && !(limits.ipv4 > 0 && limits.ipv6 >= 0)) {
        throw new Error(`limits of ${limits.ipv4} and ${limits.ipv6}`);
      }
      return limits;
    },
  }),
  fuzzTarget({
    name: 'what EC2 refuses with',
    inputs: refusal,
    read({ name, message }) {
      const read = ec2RefusalOf(Object.assign(new Error(message), { name }), ASKED);
      if (read?.named.some((address) => !ASKED.includes(address))) {
        throw new Error('an address is named that was not asked for');
      }
      return read;
    },
  }),
];

/** The exception that says which ENI cannot be read, in one line. */
function namesTheCall(error: unknown): boolean {
  if (!(error instanceof Error) || !error.message.startsWith('Describe')) return false;
  checkDetail(error.message);
  return true;
}
