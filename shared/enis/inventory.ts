import { DescribeNetworkInterfacesCommand, type Filter } from '@aws-sdk/client-ec2';
import * as z from 'zod';
import { type Address, type AddressRange, familyOf, parseAddress, parseCidr } from '../address.ts';
import { oneLine } from '../text/one-line.ts';
import { inTurns } from '../time/in-turns.ts';
import { type EniAttachment, type EniAttachments, rememberedAttachments } from './attachments.ts';
import type { Ec2, ManagedTag } from './ec2.ts';
import type { Eni } from './eni.ts';
import { inFilters } from './filters.ts';

/** EC2: "MaxResults … between 5 and 1000". With a page size the larger token bucket applies. */
const PAGE_SIZE = 1000;
/** While one answer is read, another is under way; each takes memory. */
const SIDE_BY_SIDE = 2;

const address = z.string().transform((text, context): Address => {
  const parsed = parseAddress(text);
  if (parsed !== undefined) return parsed;
  context.addIssue({ code: 'custom', message: `"${text}" is not an address` });
  return z.NEVER;
});

const block = z.string().transform((text, context): AddressRange => {
  const parsed = parseCidr(text);
  if (parsed !== undefined) return parsed;
  context.addIssue({ code: 'custom', message: `"${text}" is not a CIDR block` });
  return z.NEVER;
});

const networkInterface = z.object({
  NetworkInterfaceId: z.string(),
  VpcId: z.string(),
  SubnetId: z.string(),
  MacAddress: z.string().default(''),
  Attachment: z
    .object({
      InstanceId: z.string().optional(),
      DeviceIndex: z.number().optional(),
      AttachTime: z.date().optional(),
      Status: z.string().optional(),
    })
    .optional(),
  TagSet: z.array(z.object({ Key: z.string(), Value: z.string().default('') })).default([]),
  PrivateIpAddresses: z
    .array(z.object({ PrivateIpAddress: address, Primary: z.boolean().default(false) }))
    .default([]),
  Ipv6Addresses: z
    .array(z.object({ Ipv6Address: address, IsPrimaryIpv6: z.boolean().default(false) }))
    .default([]),
  Ipv4Prefixes: z.array(z.object({ Ipv4Prefix: block })).default([]),
  Ipv6Prefixes: z.array(z.object({ Ipv6Prefix: block })).default([]),
});

const CLUSTER_TAG_PREFIX = 'kubernetes.io/cluster/';
const CLUSTER_TAG = 'cluster.k8s.amazonaws.com/name';
/** On each ENI that the VPC CNI makes (amazon-vpc-cni-k8s, pkg/awsutils). */
const VPC_CNI_TAG = 'node.k8s.amazonaws.com/createdAt';

function clusterOfTag(tag: { Key: string; Value: string }): string[] {
  if (tag.Key.startsWith(CLUSTER_TAG_PREFIX)) return [tag.Key.slice(CLUSTER_TAG_PREFIX.length)];
  return tag.Key === CLUSTER_TAG ? [tag.Value] : [];
}

function toEni(described: z.infer<typeof networkInterface>, managedTag: ManagedTag): Eni {
  const { Attachment: attachment, TagSet: tags } = described;
  const tagged = tags.some((tag) => tag.Key === managedTag.key && tag.Value === managedTag.value);
  const ipv4 = described.PrivateIpAddresses;
  const ipv6 = described.Ipv6Addresses;
  return {
    id: described.NetworkInterfaceId,
    vpcId: described.VpcId,
    subnetId: described.SubnetId,
    mac: described.MacAddress.toLowerCase(),
    instanceId: attachment?.InstanceId,
    deviceIndex: attachment?.DeviceIndex,
    managed: tagged && attachment?.DeviceIndex !== 0,
    ...(tags.some(({ Key }) => Key === VPC_CNI_TAG) && { ofVpcCni: true }),
    clusters: tags.flatMap(clusterOfTag),
    primary: [
      ...ipv4.filter((entry) => entry.Primary).map((entry) => entry.PrivateIpAddress),
      ...ipv6.filter((entry) => entry.IsPrimaryIpv6).map((entry) => entry.Ipv6Address),
    ],
    secondary: [
      ...ipv4.filter((entry) => !entry.Primary).map((entry) => entry.PrivateIpAddress),
      ...ipv6.filter((entry) => !entry.IsPrimaryIpv6).map((entry) => entry.Ipv6Address),
    ],
    prefixes: [
      ...described.Ipv4Prefixes.map((entry) => entry.Ipv4Prefix),
      ...described.Ipv6Prefixes.map((entry) => entry.Ipv6Prefix),
    ],
  };
}

/** `attaching`, `attached`, `detaching` and `detached` follow each other. */
const LEAVING: ReadonlySet<string | undefined> = new Set(['detaching', 'detached']);

function remember(
  attachments: EniAttachments,
  { NetworkInterfaceId: eniId, Attachment: attachment }: z.infer<typeof networkInterface>,
): void {
  const { InstanceId: instanceId, AttachTime: since, Status: status } = attachment ?? {};
  if (instanceId === undefined || since === undefined) return;
  attachments.saw(eniId, { instanceId, at: since.getTime(), leaving: LEAVING.has(status) });
}

interface Describing {
  readonly ec2: Ec2;
  readonly managedTag: ManagedTag;
  readonly attachments: EniAttachments;
}

async function describe(
  describing: Describing,
  filters: Filter[],
  signal?: AbortSignal,
): Promise<Eni[]> {
  const enis: Eni[] = [];
  for await (const page of pages(describing, filters, signal)) enis.push(...page);
  return enis;
}

async function* pages(
  { ec2, managedTag, attachments }: Describing,
  filters: Filter[],
  signal?: AbortSignal,
): AsyncGenerator<readonly Eni[]> {
  let token: string | undefined;
  do {
    const enis: Eni[] = [];
    const page = await ec2.send(
      new DescribeNetworkInterfacesCommand({
        Filters: filters,
        MaxResults: PAGE_SIZE,
        NextToken: token,
      }),
      { abortSignal: signal },
    );
    for (const described of page.NetworkInterfaces ?? []) {
      const parsed = networkInterface.safeParse(described);
      if (!parsed.success) {
        const where = described.NetworkInterfaceId ?? 'a network interface without an id';
        throw new Error(
          oneLine(`DescribeNetworkInterfaces: ${where}: ${z.prettifyError(parsed.error)}`),
        );
      }
      remember(attachments, parsed.data);
      enis.push(toEni(parsed.data, managedTag));
    }
    yield enis;
    token = page.NextToken;
  } while (token);
}

/** Reads ENIs from EC2, each answer whole: all pages, or an exception. */
export interface EniInventory {
  /** All ENIs of these instances, managed and not. One call for up to 200 instances. */
  ofInstances(instanceIds: readonly string[], signal?: AbortSignal): Promise<Eni[]>;
  /** The ENIs of `vpcId` that have one of `addresses`, whoever they belong to. */
  withAddresses(vpcId: string, addresses: readonly Address[], signal?: AbortSignal): Promise<Eni[]>;
  /** All ENIs in these subnets, a page at a time: one call for up to 1,000 of them. */
  inSubnets(subnetIds: readonly string[], signal?: AbortSignal): AsyncIterable<readonly Eni[]>;
  /** Those of these ENIs that there are. */
  withIds(eniIds: readonly string[], signal?: AbortSignal): Promise<Eni[]>;
  /** All ENIs of the account and region that carry the managed tag, attached or not. */
  managed(signal?: AbortSignal): Promise<Eni[]>;
  /** The newest attachment of an ENI that any of these reads has shown, this or an earlier one. */
  newestAttachment(eniId: string): EniAttachment | undefined;
}

/**
 * @param managedTag the tag that makes an ENI ours to manage (docs/design.md, rule 4).
 * @param attachments what the reads show of attachments; shared if several inventories read.
 * @throws what the SDK throws, and an Error that names the ENI whose description cannot be read.
 */
export function eniInventory(
  ec2: Ec2,
  managedTag: ManagedTag,
  attachments: EniAttachments = rememberedAttachments(),
): EniInventory {
  const describing = { ec2, managedTag, attachments };
  const byValues = async (
    name: string,
    values: readonly string[],
    more: Filter[],
    signal?: AbortSignal,
  ): Promise<Eni[]> => {
    const enis: Eni[] = [];
    const read = async (chunk: string[]): Promise<void> => {
      const filters = [{ Name: name, Values: chunk }, ...more];
      enis.push(...(await describe(describing, filters, signal)));
    };
    await inTurns(inFilters(values), read, SIDE_BY_SIDE);
    return enis;
  };

  return {
    ofInstances: (instanceIds, signal) =>
      byValues('attachment.instance-id', instanceIds, [], signal),
    withIds: (eniIds, signal) => byValues('network-interface-id', eniIds, [], signal),
    async withAddresses(vpcId, addresses, signal) {
      // The same private address exists once in each VPC of the account.
      const inVpc = [{ Name: 'vpc-id', Values: [vpcId] }];
      const ipv4 = addresses.filter((entry) => familyOf(entry) === 4);
      const ipv6 = addresses.filter((entry) => familyOf(entry) === 6);
      return [
        ...(await byValues('addresses.private-ip-address', ipv4, inVpc, signal)),
        ...(await byValues('ipv6-addresses.ipv6-address', ipv6, inVpc, signal)),
      ];
    },
    async *inSubnets(subnetIds, signal) {
      for (const chunk of inFilters(subnetIds)) {
        yield* pages(describing, [{ Name: 'subnet-id', Values: chunk }], signal);
      }
    },
    managed: (signal) =>
      describe(describing, [{ Name: `tag:${managedTag.key}`, Values: [managedTag.value] }], signal),
    newestAttachment: attachments.newestOf,
  };
}
