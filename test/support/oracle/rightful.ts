import type { Address } from '../../../shared/address.ts';
import type { Claim, PodClaims } from '../../../shared/claims/claim.ts';
import type { Eni } from '../../../shared/enis/eni.ts';
import { belonging, type Place } from './belonging.ts';

/**
 * Who may have an address: docs/design.md, "What plan decides" and "When two claim one address",
 * read anew as sets and reachability. Nothing here calls what it is held against.
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

/**
 * Who has the address first, of all claims of the node of the ENI `on` that has it, or of any
 * node's where none has it. None: nobody may.
 */
function firstOf(claims: readonly Claimed[], on: string | undefined): Claimed | undefined {
  const valid = claims.filter(({ eni }) => eni !== undefined);
  const there = valid.filter(({ eni }) => eni !== undefined && eni.id === on);
  const told = claims.filter(({ claim }) => on !== undefined && claim.assignedTo === on);
  const toldAndLive = told.filter(({ pod }) => !pod.terminating);
  const acquiring = valid.filter(({ pod }) => !pod.terminating);
  const first = [toldAndLive, told, there, acquiring].find((list) => list.length > 0) ?? [];
  return oldestFirst(first)[0];
}

/**
 * Whoever may have the address, given the ENI that has it now: reached from the first by steps
 * that the rule allows, until no step is left.
 */
export function rightful(claims: readonly Claimed[], on: string | undefined): Claimed[] {
  const first = firstOf(claims, on);
  if (first === undefined) return [];
  const takers = claims.filter(({ eni }) => eni !== undefined);
  const reached = new Set([first]);
  for (const from of reached) {
    for (const to of takers) if (mayPass(from, to)) reached.add(to);
  }
  return [...reached].filter((from) => !takers.some((to) => mayPass(from, to)));
}

function oldestFirst(list: readonly Claimed[]): Claimed[] {
  const key = ({ pod }: Claimed) => `${String(pod.createdAt).padStart(20, '0')} ${pod.pod.uid}`;
  return list.toSorted((a, b) => (key(a) < key(b) ? -1 : 1));
}
