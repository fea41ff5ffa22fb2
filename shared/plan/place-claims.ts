import { type Address, compareAddresses } from '../address.ts';
import type { Claim, PodClaims } from '../claims/claim.ts';
import type { Ranges } from '../claims/ranges.ts';
import type { Eni } from '../enis/eni.ts';
import { holds, inPrefixOf, inSubnetOf, isReserved, type NodeEnis } from '../enis/eni-facts.ts';
import { chooseEni } from './choose-eni.ts';
import type { Ledgers } from './ledger.ts';
import type { AddressProblem, Problem } from './problem.ts';
import type { NodeClaimant } from './speaker.ts';

/** A claim that has a valid ENI, or whose pod has the address although it has none. Each is one object in a decision. */
export interface PlacedClaim extends NodeClaimant {
  readonly address: Address;
  readonly node: string;
  readonly interface?: string;
  /** The ENIs whose ledger names the pod for the address. */
  readonly recordedOn: readonly string[];
}

export interface PlaceInput extends NodeEnis {
  readonly pods: readonly PodClaims[];
  readonly ranges: Ranges;
  readonly managedTag: string;
  readonly ledgers: Ledgers;
}

export interface PlacedClaims {
  readonly claims: readonly PlacedClaim[];
  /** Addresses of claims of which it is not known in which VPC alone they count. */
  readonly inAnyVpc: ReadonlySet<Address>;
  /** The namespaces of pods that claim an address for an ENI of the node which cannot be theirs, or is not in view. */
  readonly misfits: ReadonlyMap<Address, ReadonlySet<string>>;
  /** Claims without a valid ENI, and annotations that cannot be read. */
  readonly problems: readonly Problem[];
  /** Claims that fit none of the ENIs in view. */
  readonly ignored: number;
}

type Placing = { readonly kind: 'placed'; readonly eniId: string } | { readonly kind: 'ignored' };

/**
 * Finds the ENI of every claim of a node's pods, without asking EC2, and a problem for each claim that
 * fits none. A claim that fits none any more is placed all the same if its pod still has the address.
 * Pods come out oldest first, whatever their order in the list.
 */
export function placeClaims(input: PlaceInput): PlacedClaims {
  const claims: PlacedClaim[] = [];
  const problems: Problem[] = [];
  const inAnyVpc = new Set<Address>();
  const misfits = new Map<Address, Set<string>>();
  let ignored = 0;
  // On a node without ENIs of ours, no network of the pod can be one of ours.
  const hasManaged = input.enis.some(({ managed }) => managed);
  for (const pod of input.pods) {
    for (const unreadable of pod.unreadable) problems.push({ pod: pod.pod, ...unreadable });
    if (pod.notAttached && !pod.terminating && hasManaged) {
      problems.push({ pod: pod.pod, ...pod.notAttached });
    }
    // Of all claims of the pod: once, and not for each.
    let known: ReadonlySet<string> | undefined;
    const siblings = () => (known ??= attachmentEnis(pod, input));
    for (const claim of pod.claims) {
      const placing = place(claim, pod, input, siblings);
      const eniId = placing.kind === 'placed' ? placing.eniId : undefined;
      if (eniId !== undefined || isWhereItIsRecorded(claim, input)) {
        claims.push(toPlaced(pod, claim, eniId));
      }
      if (eniId === undefined || mayCountElsewhere(claim, input)) inAnyVpc.add(claim.address);
      if (placing.kind === 'ignored' || placing.kind === 'eni-not-seen') ignored += 1;
      if (placing.kind === 'placed' || placing.kind === 'ignored') continue;
      const { address } = claim;
      misfits.set(address, (misfits.get(address) ?? new Set()).add(pod.pod.namespace));
      // A terminating pod acquires nothing: nobody is to be told of what it does not get.
      if (!pod.terminating) problems.push({ pod: pod.pod, address, ...placing });
    }
  }
  return { claims: claims.sort(inOrder), inAnyVpc, misfits, problems, ignored };
}

const placed = new WeakMap<PlaceInput, PlacedClaims>();

/** The claims of a node, placed once: whoever asks gets the same objects. */
export function placedOf(input: PlaceInput): PlacedClaims {
  const known = placed.get(input) ?? placeClaims(input);
  placed.set(input, known);
  return known;
}

const byAddress = new WeakMap<PlacedClaims, ReadonlyMap<Address, readonly PlacedClaim[]>>();

/** Those of a node's claims that claim an address. All are placed once, however many are asked for. */
export function placedClaimsOf(input: PlaceInput, address: Address): readonly PlacedClaim[] {
  const all = placedOf(input);
  const known = byAddress.get(all) ?? Map.groupBy(all.claims, (claim) => claim.address);
  byAddress.set(all, known);
  return known.get(address) ?? [];
}

/** Whether an ENI has the address whose ledger names the pod for it. */
function isWhereItIsRecorded({ address, recordedOn = [] }: Claim, { enis }: NodeEnis): boolean {
  return enis.some((eni) => recordedOn.includes(eni.id) && holds(eni, address));
}

/**
 * Whether the pod may have the address of another VPC too. Another attachment may have it, an
 * annotation that cannot be read may say so, or the ledger of an ENI that is not in view names the pod.
 */
function mayCountElsewhere(
  { recordedOn = [], several, unreadable }: Claim,
  { enis }: NodeEnis,
): boolean {
  if (several || unreadable) return true;
  return recordedOn.some((eniId) => !enis.some(({ id }) => id === eniId));
}

function toPlaced(pod: PodClaims, claim: Claim, eniId: string | undefined): PlacedClaim {
  return {
    address: claim.address,
    interface: claim.interface,
    floating: claim.floating,
    since: claim.since,
    pod: pod.pod,
    node: pod.node,
    createdAt: pod.createdAt,
    terminating: pod.terminating,
    recordedOn: claim.recordedOn ?? [],
    ...(eniId === undefined ? {} : { eniId }),
  };
}

function inOrder(a: PlacedClaim, b: PlacedClaim): number {
  if (a.createdAt !== b.createdAt) return a.createdAt - b.createdAt;
  if (a.pod.uid !== b.pod.uid) return a.pod.uid < b.pod.uid ? -1 : 1;
  return compareAddresses(a.address, b.address);
}

/** The ENIs of a pod's attachments, which decide where its floating addresses go. */
export function attachmentEnis(pod: PodClaims, node: NodeEnis): ReadonlySet<string> {
  const chosen = pod.claims
    .filter((claim) => claim.interface !== undefined)
    .map((claim) => chooseEni(claim, node));
  return new Set(chosen.flatMap((choice) => (choice.kind === 'eni' ? [choice.eni.id] : [])));
}

function place(
  claim: Claim,
  { pod: { namespace } }: PodClaims,
  input: PlaceInput,
  siblings: () => ReadonlySet<string>,
): Placing | AddressProblem {
  const choice = chooseEni(claim, input, siblings);
  switch (choice.kind) {
    case 'not-our-network':
      return choice.device !== undefined && input.ranges.includes(claim.address)
        ? { kind: 'eni-not-seen', device: choice.device }
        : { kind: 'ignored' };
    case 'eni-untagged':
      return notManaged(choice.eni, input);
    case 'eni-ambiguous':
      return { kind: 'eni-ambiguous', eniIds: choice.enis.map((eni) => eni.id).sort() };
    case 'eni':
      return (
        invalid(claim, choice.eni, input, namespace) ?? { kind: 'placed', eniId: choice.eni.id }
      );
  }
}

function notManaged(eni: Eni, { managedTag }: PlaceInput): AddressProblem {
  const { id: eniId, clusters } = eni;
  return eni.ofOtherCluster
    ? { kind: 'eni-of-other-cluster', eniId, clusters }
    : { kind: 'eni-untagged', eniId, tag: managedTag };
}

function invalid(
  claim: Claim,
  eni: Eni,
  input: PlaceInput,
  namespace: string,
): AddressProblem | undefined {
  const { address } = claim;
  const at = { eniId: eni.id, subnetId: eni.subnetId };
  if (!input.ranges.allows(address)) return { kind: 'outside-configured-ranges' };
  const binding = input.ranges.boundElsewhere(address, namespace);
  if (binding !== undefined) {
    const { block, namespaces } = binding;
    return { kind: 'other-namespaces', block, namespaces };
  }
  if (claim.floating && claim.interface === undefined && !input.ranges.includes(address)) {
    return { kind: 'floating-outside-ranges' };
  }
  if (!inSubnetOf(eni, address, input)) return { kind: 'outside-subnet', ...at };
  if (isReserved(eni, address, input)) return { kind: 'reserved', ...at };
  const inVpc = input.enis.filter(({ vpcId }) => vpcId === eni.vpcId);
  const owner = inVpc.find((other) => other.primary.includes(address));
  if (owner) return { kind: 'primary', eniId: owner.id };
  // EC2 unassigns a prefix as a whole: no single address of it can be taken from that ENI.
  const delegate = inVpc.find((other) => other.id !== eni.id && inPrefixOf(other, address));
  return delegate && { kind: 'held-elsewhere', eniId: delegate.id, why: 'delegated-prefix' };
}
