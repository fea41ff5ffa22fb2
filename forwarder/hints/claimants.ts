import type { Address } from '../../shared/address.ts';

/**
 * Another node is told of so many of its addresses at once that a pod let go of. The node is looked at
 * whole all the same; an ENI takes 50 addresses of each family at most.
 */
const MOST_NAMED = 256;

/** What a node is to hear of addresses that its own pods claim. */
interface ClaimsOfNode {
  readonly node: string;
  readonly claims?: readonly string[];
}

interface Claimant {
  readonly uid: string;
  readonly node: string;
  readonly claims: ReadonlyMap<Address, unknown>;
}

/** The pods of each claimed address. */
export interface Claimants {
  nodesOf(address: string): Set<string>;
  isClaimedOn(address: string, node: string): boolean;
  /** The hint, with which of its claims pods of other nodes have too. */
  withContested<H extends ClaimsOfNode>(hint: H): H & { readonly contested?: readonly string[] };
  /** How many pods of the node claim it. */
  countOn(address: Address, node: string): number;
  add(pod: Claimant): void;
  remove(pod: Claimant): void;
  /** One for each node, other than the pod's, that has a claimant of one of the addresses that it let go of. */
  hints(
    pod: Claimant,
    addresses: readonly Address[],
  ): Required<ClaimsOfNode & { readonly cause: string }>[];
}

export function createClaimants(): Claimants {
  /** By address, how many pods of each node claim it. */
  const counts = new Map<string, Map<string, number>>();
  const nodesOf = (address: string): Iterable<string> => counts.get(address)?.keys() ?? [];
  const count = (address: Address, node: string, by: 1 | -1): void => {
    const ofAddress = counts.get(address) ?? new Map<string, number>();
    const now = (ofAddress.get(node) ?? 0) + by;
    if (now > 0) ofAddress.set(node, now);
    else ofAddress.delete(node);
    if (ofAddress.size > 0) counts.set(address, ofAddress);
    else counts.delete(address);
  };
  const isClaimedOn = (address: string, node: string): boolean =>
    counts.get(address)?.has(node) === true;
  return {
    nodesOf: (address) => new Set(nodesOf(address)),
    isClaimedOn,
    withContested(hint) {
      const contested = (hint.claims ?? []).filter((address) => {
        const all = counts.get(address)?.size ?? 0;
        return all > (isClaimedOn(address, hint.node) ? 1 : 0);
      });
      return contested.length === 0 ? hint : { ...hint, contested };
    },
    countOn: (address, node) => counts.get(address)?.get(node) ?? 0,
    add(pod) {
      for (const address of pod.claims.keys()) count(address, pod.node, 1);
    },
    remove(pod) {
      for (const address of pod.claims.keys()) count(address, pod.node, -1);
    },
    hints({ uid: cause, node: but }, addresses) {
      const byNode = new Map<string, Address[]>();
      for (const address of addresses) {
        for (const node of nodesOf(address)) {
          const claims = byNode.get(node);
          if (claims === undefined) byNode.set(node, [address]);
          else if (claims.length < MOST_NAMED) claims.push(address);
        }
      }
      byNode.delete(but);
      return [...byNode].map(([node, claims]) => ({ node, claims, cause }));
    },
  };
}
