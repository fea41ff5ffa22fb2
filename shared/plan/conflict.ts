import type { Address } from '../address.ts';
import type { Claim, PodClaims } from '../claims/claim.ts';
import type { Eni } from '../enis/eni.ts';
import { entryOf, isUsable, type Ledgers, whereaboutsOf } from './ledger.ts';
import { type PlacedClaim, type PlaceInput, placedClaimsOf } from './place-claims.ts';
import type { AddressProblem, HeldElsewhere } from './problem.ts';
import { byAge, type Claimant, passesOn, speakerOf, type Whereabouts } from './speaker.ts';
import { isOfVpc } from './vpcs.ts';

const NOWHERE: Whereabouts = { on: new Set(), holds: () => false };

/** The node of the ENI that has the address, as it was read: its ENIs, then its pods. */
export interface HolderNode extends PlaceInput {
  readonly node: string;
}

/** What is known of an address that EC2 has on another ENI than the claimant's. */
export interface Contested {
  readonly cluster: string;
  readonly address: Address;
  readonly claimant: Claimant;
  /** The ENI that has the address. */
  readonly eni: Eni;
  /** The ledger of that ENI among others, read before `holderNode`. */
  readonly ledgers: Ledgers;
  /** The node that names the ENI's instance; absent if the ENI is detached or no Node names it. */
  readonly holderNode?: HolderNode;
  /** Live pods of the cluster that are bound to a node that does not exist. */
  readonly stranded: readonly PodClaims[];
  /** False: nothing is unassigned from any ENI. */
  readonly unassigns: boolean;
  /** False: the ledger of the claimant's ENI cannot be written. */
  readonly canRecord: boolean;
}

/**
 * Whether the address may be taken from that ENI (docs/design.md, "When two claim one
 * address"). Pure. `take` holds for exactly the ENI that was examined.
 */
export function decideTakeOver(contested: Contested): { readonly kind: 'take' } | AddressProblem {
  const { address, eni, holderNode, ledgers } = contested;
  if (eni.primary.includes(address)) return { kind: 'primary', eniId: eni.id };
  const elsewhere = (why: HeldElsewhere) =>
    ({ kind: 'held-elsewhere', eniId: eni.id, why }) as const;
  if (!eni.secondary.includes(address)) return elsewhere('delegated-prefix');
  if (!eni.managed) return elsewhere('not-our-eni');
  if (!holderNode && !eni.clusters.includes(contested.cluster)) return elsewhere('not-our-eni');

  const holder = holderNode ? speaking(contested, holderNode) : strandedHolder(contested);
  const isRecorded = entryOf(ledgers, eni.id, address) !== undefined;
  const another = holder && holder.pod.uid !== contested.claimant.pod.uid;
  if (another && !(isRecorded && passesOn(holder, contested.claimant))) {
    return { kind: 'conflict', holder: { pod: holder.pod, node: holder.node, eniId: eni.id } };
  }
  if (!contested.canRecord || !isUsable(ledgers, eni.id)) return elsewhere('no-ledger');
  if (!isRecorded) return elsewhere('not-recorded');
  return contested.unassigns ? { kind: 'take' } : elsewhere('policy');
}

/** Who of a node's claimants gets an address that another ENI has. */
export interface Passing {
  /** Absent if the address stays where it is. */
  readonly taker?: PlacedClaim;
  /** The taker's ENI. */
  readonly eniId?: string;
  /** What the others are told. */
  readonly refused: readonly { readonly claim: PlacedClaim; readonly problem: AddressProblem }[];
}

/**
 * Decides for every claimant of a node: they may be of several namespaces, and the holder may give
 * the address to only some of them (docs/design.md, schedule 27). Pure.
 *
 * @param speaker speaks for the address on its node; it comes first.
 * @param rivals on whose ENIs there is room, and whose ledgers can be written.
 */
export function decidePassing(
  contested: Omit<Contested, 'claimant'>,
  speaker: PlacedClaim,
  rivals: readonly PlacedClaim[],
): Passing {
  const decided = [speaker, ...rivals].map((claim) => {
    return { claim, decision: decideTakeOver({ ...contested, claimant: claim }) };
  });
  const may = decided.filter(({ decision }) => decision.kind === 'take').map(({ claim }) => claim);
  const taker = may.includes(speaker) ? speaker : speakerOf(may, NOWHERE);
  const refused = decided.flatMap(({ claim, decision }): Passing['refused'][number][] => {
    if (claim === taker) return [];
    if (taker?.eniId !== undefined) return [{ claim, problem: conflictWith(taker, taker.eniId) }];
    return decision.kind === 'take' ? [] : [{ claim, problem: decision }];
  });
  return taker?.eniId === undefined ? { refused } : { taker, eniId: taker.eniId, refused };
}

/** What a pod is told whose address `holder` has, or gets, on that ENI. */
export function conflictWith({ node, pod }: PlacedClaim, eniId: string) {
  return { kind: 'conflict', holder: { pod, node, eniId } } as const;
}

function speaking(
  { address, eni, ledgers }: Contested,
  holderNode: HolderNode,
): (Claimant & { readonly node: string }) | undefined {
  const claims = placedClaimsOf(holderNode, address);
  const ofVpc = claims.filter((claim) => isOfVpc(claim, eni, holderNode.enis));
  return speakerOf(ofVpc, whereaboutsOf(ledgers, [eni], { address, claimants: ofVpc }));
}

/**
 * The Node may come back: its live pod counts as the holder. Of several, the one that the ledger names, or else
 * one that keeps the address.
 */
function strandedHolder({
  address,
  claimant,
  eni,
  ledgers,
  stranded,
}: Contested): (Claimant & { readonly node: string }) | undefined {
  const claimants = stranded
    .filter(({ pod }) => pod.uid !== claimant.pod.uid)
    .flatMap((pod) => {
      const claim = claimOf(pod, address);
      return claim === undefined ? [] : [toClaimant(pod, claim)];
    })
    .sort(byAge);
  const named = entryOf(ledgers, eni.id, address)?.pod?.uid;
  const keeping = claimants.find((holder) => !passesOn(holder, claimant));
  return claimants.find(({ pod }) => pod.uid === named) ?? keeping ?? claimants[0];
}

const claimsByAddress = new WeakMap<PodClaims, ReadonlyMap<Address, Claim>>();

/** A pod claims an address once. */
function claimOf(pod: PodClaims, address: Address): Claim | undefined {
  let claims = claimsByAddress.get(pod);
  if (claims === undefined) {
    claims = new Map(pod.claims.map((claim) => [claim.address, claim]));
    claimsByAddress.set(pod, claims);
  }
  return claims.get(address);
}

function toClaimant(pod: PodClaims, claim: Claim): Claimant & { readonly node: string } {
  return {
    pod: pod.pod,
    node: pod.node,
    createdAt: pod.createdAt,
    terminating: pod.terminating,
    floating: claim.floating,
    since: claim.since,
  };
}
