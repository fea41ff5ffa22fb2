import type { NetworkInterface, State } from '../../../sandbox/ec2/model.ts';
import { MANAGED_TAG } from '../../../sandbox/worker.ts';
import { type Address, contains } from '../../../shared/address.ts';
import { parseRangeList } from '../../../shared/claims/range-list.ts';
import type { Ranges } from '../../../shared/claims/ranges.ts';
import { RANGES } from '../../../shared/cluster/annotations.ts';
import type { Eni } from '../../../shared/enis/eni.ts';
import type { Place } from '../../support/oracle/belonging.ts';
import type { VirtualCluster, VirtualWorld } from '../world/world.ts';

/** What EC2 and the clusters are like right now, in the words of the oracle. */

/** All addresses but the primary ones. */
export function addressesOf({ secondary, ipv6 }: NetworkInterface): readonly Address[] {
  return ipv6.length === 0 ? secondary : [...secondary, ...ipv6];
}

export function eniWith(world: VirtualWorld, address: string): NetworkInterface | undefined {
  for (const eni of world.ec2.snapshot().enis.values()) {
    if (addressesOf(eni).some((each) => each === address)) return eni;
  }
  return undefined;
}

export function isManaged({ tags, attachment }: NetworkInterface): boolean {
  const tagged = Object.entries(MANAGED_TAG).every(([key, value]) => tags.get(key) === value);
  return tagged && attachment?.deviceIndex !== 0;
}

export function isTaggedFor({ tags }: NetworkInterface, cluster: string): boolean {
  return tags.has(`kubernetes.io/cluster/${cluster}`);
}

/** The instance that a Node names. */
function instanceOf(cluster: VirtualCluster, node: string): string | undefined {
  return instanceIn(cluster.api.objects.find('nodes', { name: node })?.spec?.providerID);
}

/** Fargate and hybrid nodes name none. */
function instanceIn(providerId: unknown): string | undefined {
  const last = typeof providerId === 'string' ? providerId.split('/').at(-1) : undefined;
  return last?.startsWith('i-') ? last : undefined;
}

export interface NodeName {
  readonly cluster: string;
  readonly node: string;
}

/** Tags of the instance's ENIs name other clusters, and not this one: none of its Nodes may speak for it. */
function isOfOthers(world: VirtualWorld, instanceId: string, cluster: string): boolean {
  const enis = [...world.ec2.snapshot().enis.values()].filter(
    ({ attachment }) => attachment?.instanceId === instanceId,
  );
  return enis.length > 0 && enis.every((eni) => !isTaggedFor(eni, cluster));
}

/** The Node that an instance belongs to, if one and only one of the clusters that it is tagged for names it. */
export function nodeOf(world: VirtualWorld, instanceId: string | undefined): NodeName | undefined {
  if (instanceId === undefined) return undefined;
  const entitled = [...world.clusters.values()].filter(
    ({ name }) => !isOfOthers(world, instanceId, name),
  );
  const naming = entitled.flatMap((cluster) =>
    cluster.api.objects
      .list('nodes')
      .filter(({ spec }) => instanceIn(spec?.providerID) === instanceId)
      .map(({ metadata }) => ({ cluster: cluster.name, node: metadata.name })),
  );
  return naming.length === 1 ? naming[0] : undefined;
}

/** Its Node is gone, names no instance yet, or one that another names too: it may come back. */
export function isStranded(world: VirtualWorld, { cluster, node }: NodeName): boolean {
  const providerId = world.clusters.get(cluster)?.api.objects.find('nodes', { name: node })
    ?.spec?.providerID;
  if (typeof providerId !== 'string' || providerId === '') return true;
  const instanceId = instanceIn(providerId);
  return instanceId !== undefined && nodeOf(world, instanceId) === undefined;
}

/** One more address of the family fits on the ENI. */
export function hasRoom({ ec2 }: VirtualWorld, eniId: string, address: string): boolean {
  const { enis, instances, instanceTypes } = ec2.snapshot();
  const eni = enis.get(eniId);
  const type = instanceTypes.get(instances.get(eni?.attachment?.instanceId ?? '')?.type ?? '');
  if (eni === undefined || type === undefined) return false;
  if (address.includes(':')) return eni.ipv6.length < type.ipv6;
  return 1 + eni.secondary.length < type.ipv4;
}

/** What the claims of a node's pods are placed by; `undefined` if it has no instance of its own. */
export function placeOf(world: VirtualWorld, { cluster, node }: NodeName): Place | undefined {
  const of = world.clusters.get(cluster);
  const instanceId = of && instanceOf(of, node);
  const owner = nodeOf(world, instanceId);
  if (of === undefined || owner?.node !== node || owner.cluster !== cluster) return undefined;
  const { enis, subnets } = inWords(world.ec2.snapshot());
  return { enis: enis.get(instanceId ?? '') ?? [], subnets, ranges: rangesOf(of) };
}

/** What NetworkAttachmentDefinitions say, by `namespace/name`. */
export interface Definition {
  readonly master?: string;
  readonly ranges: readonly string[];
}

export function definitionsOf(cluster: VirtualCluster): ReadonlyMap<string, Definition> {
  const objects = cluster.api.objects.list('network-attachment-definitions');
  return new Map(
    objects.map(({ metadata, spec }) => {
      const { master }: { master?: string } = JSON.parse(String(spec?.config ?? '{}'));
      const ranges: string[] = JSON.parse(metadata.annotations?.[RANGES] ?? '[]');
      const definition = { ranges, ...(master === undefined ? {} : { master }) };
      return [`${metadata.namespace}/${metadata.name}`, definition] as const;
    }),
  );
}

function rangesOf(cluster: VirtualCluster): Ranges {
  const lists = [...definitionsOf(cluster).values()].map(({ ranges }) => parseRangeList(ranges));
  const ranges = lists.flatMap((list) => (list.ok ? list.value : []));
  return {
    allows: () => true,
    boundElsewhere: () => undefined,
    includes: (address) => ranges.some((range) => contains(range, address)),
  };
}

type InWords = {
  readonly enis: ReadonlyMap<string, readonly Eni[]>;
  readonly subnets: Place['subnets'];
};

/** States never change, they are replaced: the newest is asked for again and again. */
let newest: { readonly state: State; readonly words: InWords } | undefined;

function inWords(state: State): InWords {
  if (newest?.state === state) return newest.words;
  const enis = Map.groupBy(
    [...state.enis.values()].map(toEni),
    ({ instanceId }) => instanceId ?? 'detached',
  );
  const subnets = [...state.subnets.values()].map(({ id, ipv4, ipv6 }) => {
    return [id, { id, blocks: [ipv4, ...ipv6].map(({ range }) => range) }] as const;
  });
  newest = { state, words: { enis, subnets: new Map(subnets) } };
  return newest.words;
}

function toEni(eni: NetworkInterface): Eni {
  const { id, vpcId, subnetId, mac, attachment, primary, primaryIpv6 } = eni;
  return {
    id,
    vpcId,
    subnetId,
    mac,
    ...(attachment && { instanceId: attachment.instanceId, deviceIndex: attachment.deviceIndex }),
    managed: isManaged(eni),
    clusters: [],
    primary: primaryIpv6 === undefined ? [primary] : [primary, primaryIpv6],
    secondary: addressesOf(eni).filter((address) => address !== primaryIpv6),
    prefixes: [...eni.ipv4Prefixes, ...eni.ipv6Prefixes].map(({ range }) => range),
  };
}
