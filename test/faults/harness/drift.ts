import type { NetworkInterface } from '../../../sandbox/ec2/model.ts';
import { MANAGED_TAG } from '../../../sandbox/worker.ts';
import { podOf } from '../world/kubernetes.ts';
import { NETWORKS, type VirtualWorld } from '../world/world.ts';
import { type Claims, eniOf, instanceOf, type KnownClaim, passesOn } from './claims.ts';

/** One difference between the ENIs, or what a pod is told, and what the live pods claim. */
export interface Difference {
  readonly text: string;
  /** It is about addresses in ranges alone: others may have to wait for a sweep (DESIGN.md, "Ranges"). */
  readonly inRanges: boolean;
}

/** @param eachAddress also those that are in no range, and left: without faults a message has named them. */
export function driftOf(
  world: VirtualWorld,
  claims: Claims,
  { eachAddress = false }: { readonly eachAddress?: boolean } = {},
): Difference[] {
  const placed = claims.live().map((claim) => ({ claim, eniId: eniOf(world, claim) }));
  const byAddress = Map.groupBy(placed, ({ claim }) => claim.address);
  const enis = [...world.ec2.snapshot().enis.values()].filter(isManaged);
  const serving = enis.filter(({ attachment }) => isNodes(world, attachment?.instanceId));
  return [
    ...serving.flatMap((eni) =>
      unclaimed(eni, byAddress).filter(({ inRanges }) => inRanges || eachAddress),
    ),
    ...[...byAddress].flatMap(([address, of]) => misplaced(world, address, of, serving)),
    ...told(world, placed, byAddress),
  ];
}

/** All but its primary one. */
function addressesOf({ secondary, ipv6 }: NetworkInterface): readonly string[] {
  return [...secondary, ...ipv6];
}

type ByAddress = ReadonlyMap<string, readonly Placed[]>;

interface Placed {
  readonly claim: KnownClaim;
  /** Absent while its node names no instance. */
  readonly eniId: string | undefined;
}

function isManaged(eni: NetworkInterface): boolean {
  return Object.entries(MANAGED_TAG).every(([key, value]) => eni.tags.get(key) === value);
}

function isNodes(world: VirtualWorld, instanceId: string | undefined): boolean {
  if (instanceId === undefined) return false;
  return [...world.clusters.values()].some((cluster) =>
    cluster.api.objects
      .list('nodes')
      .some(({ metadata }) => instanceOf(cluster, metadata.name) === instanceId),
  );
}

const RANGES = NETWORKS.flatMap(({ range }) => {
  const [first, last] = range?.split('-') ?? [];
  return first === undefined || last === undefined
    ? []
    : [[integerOf(first), integerOf(last)] as const];
});

/** An address that no range has is released only where a message names it; naming can be lost. */
function isOurs(address: string): boolean {
  const value = integerOf(address);
  return RANGES.some(([first, last]) => value >= first && value <= last);
}

function integerOf(text: string): number {
  // Of IPv6 only the last group differs, and it is no IPv4 address.
  if (text.includes(':')) return 2 ** 32 + Number.parseInt(text.split(':').at(-1) ?? '', 16);
  return text.split('.').reduce((sum, part) => sum * 256 + Number(part), 0);
}

function difference(text: string, ...addresses: readonly string[]): Difference {
  return { text, inRanges: addresses.every(isOurs) };
}

function unclaimed(eni: NetworkInterface, byAddress: ByAddress): Difference[] {
  return addressesOf(eni)
    .filter((address) => !byAddress.get(address)?.some(({ eniId }) => eniId === eni.id))
    .map((address) => difference(`${address} is left on ${eni.id}`, address));
}

function misplaced(
  world: VirtualWorld,
  address: string,
  placed: readonly Placed[],
  serving: readonly NetworkInterface[],
): Difference[] {
  const differs = (text: string): Difference => difference(`${address} ${text}`, address);
  const claimants = placed.filter(
    ({ claim, eniId }) => !claim.terminating && serving.some(({ id }) => id === eniId),
  );
  const [first] = claimants;
  if (first === undefined) return [];
  const on = [...world.ec2.snapshot().enis.values()].find((eni) =>
    addressesOf(eni).includes(address),
  );
  const waiting = claimants.filter(({ eniId }) => hasRoom(world, eniId, address));
  if (on === undefined) {
    return waiting.length > 0 ? [differs(`is nowhere: ${text(waiting)} claims it`)] : [];
  }
  const node = serving.some(({ id }) => id === on.id);
  const holders = placed.filter(({ eniId }) => (node ? eniId === on.id : eniId === undefined));
  if (holders.length === 0) {
    const ours = isManaged(on) && on.tags.has(`kubernetes.io/cluster/${first.claim.cluster}`);
    return isOurs(address) && ours && waiting.length > 0
      ? [differs(`is left on ${on.id}: ${text(waiting)} claims it`)]
      : [];
  }
  return [...Map.groupBy(waiting, ({ claim }) => claim.node).values()]
    .flatMap(speaker)
    .filter(({ eniId }) => eniId !== on.id)
    .filter(({ claim }) => holders.every((holder) => passesOn(holder.claim, claim)))
    .map((each) => differs(`should have passed from ${text(holders)} to ${text([each])}`));
}

/** Who speaks for an address on a node that does not have it: the oldest, or to whom it passes it on. */
function speaker(claimants: readonly Placed[]): Placed[] {
  const byAge = claimants.toSorted(
    (a, b) => a.claim.createdAt - b.claim.createdAt || (a.claim.uid < b.claim.uid ? -1 : 1),
  );
  let [current] = byAge;
  for (let next = current; next !== undefined; ) {
    current = next;
    const from = next.claim;
    next = byAge.find(({ claim }) => passesOn(from, claim));
  }
  return current === undefined ? [] : [current];
}

/** One more address of the family fits on the ENI. */
export function hasRoom(
  { ec2 }: VirtualWorld,
  eniId: string | undefined,
  address: string,
): boolean {
  const eni = ec2.snapshot().enis.get(eniId ?? '');
  const instance = ec2.snapshot().instances.get(eni?.attachment?.instanceId ?? '');
  const type = ec2.snapshot().instanceTypes.get(instance?.type ?? '');
  if (eni === undefined || type === undefined) return false;
  if (address.includes(':')) return eni.ipv6.length < type.ipv6;
  return 1 + eni.secondary.length < type.ipv4;
}

function text(placed: readonly Placed[]): string {
  return placed.map(({ claim }) => `${claim.pod} on ${claim.node}`).join(', ');
}

/** A pod that claims something knows whether it has all of it. */
function told(world: VirtualWorld, placed: readonly Placed[], byAddress: ByAddress): Difference[] {
  const drift: Difference[] = [];
  for (const [uid, of] of Map.groupBy(placed, ({ claim }) => claim.uid)) {
    const [first] = of;
    if (first === undefined || first.claim.terminating || first.eniId === undefined) continue;
    // Of two pods that claim one address for one ENI either may be told that it has it.
    const shared = of.some(({ claim, eniId }) =>
      byAddress
        .get(claim.address)
        ?.some((other) => other.claim.uid !== uid && other.eniId === eniId),
    );
    if (shared) continue;
    const has = of.every(({ claim, eniId }) => {
      const eni = world.ec2.snapshot().enis.get(eniId ?? '');
      return eni !== undefined && addressesOf(eni).includes(claim.address);
    });
    const [namespace, name = ''] = first.claim.pod.split('/');
    const object = world.clusters
      .get(first.claim.cluster)
      ?.api.objects.find('pods', { name, namespace });
    const status = object && podOf(object).condition?.status;
    if (status !== (has ? 'True' : 'False')) {
      const what = `${first.claim.pod} is told ${status}, and ${has ? 'has' : 'lacks'} its addresses`;
      drift.push(difference(what, ...of.map(({ claim }) => claim.address)));
    }
  }
  return drift;
}
