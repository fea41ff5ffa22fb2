import type { Address } from '../../../shared/address.ts';
import type { Claim, PodClaims } from '../../../shared/claims/claim.ts';
import type { EntryState } from '../../../shared/cluster/ledgers.ts';
import type { Eni } from '../../../shared/enis/eni.ts';
import { belonging, type Place } from './belonging.ts';

/**
 * Who may have an address: docs/design.md, rule L12 and "When two claim one address", read anew as sets and
 * reachability. Nothing here calls what it is held against.
 */

/** One live pod's claim of an address. */
export interface Claimed {
  readonly pod: PodClaims;
  readonly claim: Claim;
  /** The valid ENI that it belongs on, if there is one. */
  readonly eni?: Eni;
}

/** The claims of an address by the pods of one node. */
export function claimsOf(
  node: Place & { readonly pods: readonly PodClaims[] },
  address: Address,
): Claimed[] {
  return node.pods.flatMap((pod) =>
    pod.claims
      .filter((claim) => claim.address === address)
      .map((claim) => {
        const where = belonging(node, pod, claim);
        return typeof where === 'string' ? { pod, claim } : { pod, claim, eni: where };
      }),
  );
}

/** The rule between two pods that claim one address. */
export function mayPass(from: Claimed, to: Claimed): boolean {
  const sameNamespace = from.pod.pod.namespace === to.pod.pod.namespace;
  const newerFloating = to.claim.floating && to.claim.since > from.claim.since;
  return sameNamespace && !to.pod.terminating && (from.pod.terminating || newerFloating);
}

/** What the ledger of one of the node's ENIs says of the address. */
export interface Said {
  readonly eniId: string;
  readonly state: EntryState;
  /** The pod that it names. */
  readonly uid?: string;
}

/** EC2 let go of the address, or was asked to. */
export function isTombstone(state: EntryState | undefined): boolean {
  return state === 'releasing' || state === 'released';
}

/**
 * The pod that has the address on the ENI `on`, of the claims of that ENI's node: the one that the ledger names,
 * whatever ENI its claim fits now; else the one on whose ENI it is, of several the oldest.
 */
export function holderOf(claims: readonly Claimed[], on: string): Claimed | undefined {
  const named = claims.filter(({ claim }) => claim.recordedOn?.includes(on));
  const there = claims.filter(({ eni }) => eni?.id === on);
  return oldestOf(named) ?? oldestOf(there);
}

/**
 * Of an address that EC2 shows on no ENI of the node, or where the ledger has a tombstone: whom a ledger names as
 * having it, as the read may be old. A pod without a valid ENI is none of them: otherwise it could keep others from
 * it for ever.
 */
function unseenHolders(claims: readonly Claimed[], said: readonly Said[]): Claimed[] {
  return claims.filter(({ eni, pod }) =>
    said.some(({ state, uid }) => {
      const counts = state === 'assigned' || (state === 'assigning' && !pod.terminating);
      return counts && uid === pod.pod.uid && eni !== undefined;
    }),
  );
}

/** To whom `from` passes the address in the end: by steps that the rule allows, until none is left. */
export function passedOn(from: Claimed, claims: readonly Claimed[]): Claimed[] {
  const takers = claims.filter(({ eni }) => eni !== undefined);
  const reached = new Set([from]);
  for (const each of reached) {
    for (const to of takers) if (mayPass(each, to)) reached.add(to);
  }
  return [...reached].filter((each) => !takers.some((to) => mayPass(each, to)));
}

/**
 * Whoever may have the address, given the ENI of the claims' node that has it now, if any has, and what the
 * ledgers of the node's ENIs say of it.
 */
export function rightful(
  claims: readonly Claimed[],
  on: string | undefined,
  said: readonly Said[],
): Claimed[] {
  const acquiring = claims.filter(({ eni, pod }) => eni !== undefined && !pod.terminating);
  const there = said.find(({ eniId }) => eniId === on);
  const mayBeOld = on === undefined || isTombstone(there?.state);
  const unseen = mayBeOld ? oldestOf(unseenHolders(claims, said)) : undefined;
  const holder = unseen ?? (on === undefined ? undefined : holderOf(claims, on));
  const first = holder ?? oldestOf(acquiring);
  return first === undefined ? [] : passedOn(first, claims);
}

function oldestOf(list: readonly Claimed[]): Claimed | undefined {
  const key = ({ pod }: Claimed) => `${String(pod.createdAt).padStart(20, '0')} ${pod.pod.uid}`;
  return list.toSorted((a, b) => (key(a) < key(b) ? -1 : 1))[0];
}
