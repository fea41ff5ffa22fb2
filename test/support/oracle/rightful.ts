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
 * The pod that has the address on the ENI `on`, of the claims of that ENI's node: who was told so,
 * whatever ENI its claim fits now; else on whose ENI it is. Of several the oldest, and before others
 * one that is not terminating, as a terminating pod is told nothing any more.
 */
export function holderOf(claims: readonly Claimed[], on: string): Claimed | undefined {
  const told = claims.filter(({ claim }) => claim.assignedTo === on);
  const live = told.filter(({ pod }) => !pod.terminating);
  const there = claims.filter(({ eni }) => eni?.id === on);
  return oldestOf([live, told, there].find((list) => list.length > 0) ?? []);
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

/** Whoever may have the address, given the ENI of the claims' node that has it now, if any has. */
export function rightful(claims: readonly Claimed[], on: string | undefined): Claimed[] {
  const acquiring = claims.filter(({ eni, pod }) => eni !== undefined && !pod.terminating);
  const holder = on === undefined ? undefined : holderOf(claims, on);
  const first = holder ?? oldestOf(acquiring);
  return first === undefined ? [] : passedOn(first, claims);
}

function oldestOf(list: readonly Claimed[]): Claimed | undefined {
  const key = ({ pod }: Claimed) => `${String(pod.createdAt).padStart(20, '0')} ${pod.pod.uid}`;
  return list.toSorted((a, b) => (key(a) < key(b) ? -1 : 1))[0];
}
