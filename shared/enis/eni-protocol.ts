import { AwsEc2QueryProtocol, XmlShapeDeserializer } from '@aws-sdk/core/protocols';
import { NormalizedSchema } from '@smithy/core/schema';
import { type PlainElement, readPlainXml } from '../text/plain-xml.ts';

/**
 * EC2's protocol, with a reader of our own for the one answer that is long. A sweep reads megabytes
 * of ENIs, of which the SDK makes a tree of all elements first
 * (docs/decisions/0025-own-reader-of-enis.md). What has another form than EC2 gives it is left to
 * the SDK.
 */
export class EniProtocol extends AwsEc2QueryProtocol {
  constructor(options: ConstructorParameters<typeof AwsEc2QueryProtocol>[0]) {
    super(options);
    this.deserializer = new EniDeserializer(this.deserializer.settings);
  }
}

class EniDeserializer extends XmlShapeDeserializer {
  override read(...given: Parameters<XmlShapeDeserializer['read']>): unknown {
    const [schema, bytes] = given;
    const shape = NormalizedSchema.of(schema);
    const isOfEnis = shape.isStructSchema() && shape.getName() === ANSWER;
    const enis = isOfEnis ? readPlainXml(Buffer.from(bytes), networkInterfaces) : undefined;
    return enis ?? super.read(...given);
  }
}

const ANSWER = 'DescribeNetworkInterfacesResult';

type Reader = (element: PlainElement) => unknown;

const text: Reader = (element) => element.text();
const flag: Reader = (element) => element.text() === 'true';
const number: Reader = (element) => Number(element.text());
const time: Reader = (element) => new Date(element.text());

function listOf(item: Reader): Reader {
  return (element) => {
    const items: unknown[] = [];
    element.children(() => items.push(item(element)));
    return items;
  };
}

/** Reads the children that are named: by element, the SDK's name of the member, and its reader. */
function members(named: Readonly<Record<string, readonly [member: string, Reader]>>): Reader {
  const readers = new Map(Object.entries(named));
  return (element) => {
    const found: Record<string, unknown> = {};
    element.children((name) => {
      const known = readers.get(name);
      if (known === undefined) element.skip();
      else found[known[0]] = known[1](element);
    });
    return found;
  };
}

/** What shared/enis/inventory.ts looks at (EC2 API Reference, NetworkInterface). */
const networkInterface = members({
  networkInterfaceId: ['NetworkInterfaceId', text],
  vpcId: ['VpcId', text],
  subnetId: ['SubnetId', text],
  macAddress: ['MacAddress', text],
  attachment: [
    'Attachment',
    members({
      instanceId: ['InstanceId', text],
      deviceIndex: ['DeviceIndex', number],
      attachTime: ['AttachTime', time],
      status: ['Status', text],
    }),
  ],
  tagSet: ['TagSet', listOf(members({ key: ['Key', text], value: ['Value', text] }))],
  privateIpAddressesSet: [
    'PrivateIpAddresses',
    listOf(members({ privateIpAddress: ['PrivateIpAddress', text], primary: ['Primary', flag] })),
  ],
  ipv6AddressesSet: [
    'Ipv6Addresses',
    listOf(members({ ipv6Address: ['Ipv6Address', text], isPrimaryIpv6: ['IsPrimaryIpv6', flag] })),
  ],
  ipv4PrefixSet: ['Ipv4Prefixes', listOf(members({ ipv4Prefix: ['Ipv4Prefix', text] }))],
  ipv6PrefixSet: ['Ipv6Prefixes', listOf(members({ ipv6Prefix: ['Ipv6Prefix', text] }))],
});

const networkInterfaces = members({
  nextToken: ['NextToken', text],
  networkInterfaceSet: ['NetworkInterfaces', listOf(networkInterface)],
});
