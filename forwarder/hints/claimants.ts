import type { Address } from '../../shared/address.ts';

interface Claimant {
  readonly node: string;
  readonly claims: ReadonlyMap<Address, unknown>;
}

/** The pods of each claimed address. */
export interface Claimants {
  /** How many pods of the node claim it. */
  countOn(address: Address, node: string): number;
  /** Whether a pod of another node claims it. */
  isClaimedBeside(address: Address, node: string): boolean;
  add(pod: Claimant): void;
  remove(pod: Claimant): void;
  /**
   * The other nodes whose pods claim one of the addresses, and whether pods of several nodes still claim
   * one that is claimed there.
   */
  nodesBeside(node: string, addresses: readonly Address[]): Map<string, boolean>;
}

export function createClaimants(): Claimants {
  /** By address, how many pods of each node claim it. */
  const counts = new Map<string, Map<string, number>>();
  const countOn = (address: Address, node: string): number => counts.get(address)?.get(node) ?? 0;
  const count = (address: Address, node: string, by: 1 | -1): void => {
    const ofAddress = counts.get(address) ?? new Map<string, number>();
    const now = (ofAddress.get(node) ?? 0) + by;
    if (now > 0) ofAddress.set(node, now);
    else ofAddress.delete(node);
    if (ofAddress.size > 0) counts.set(address, ofAddress);
    else counts.delete(address);
  };
  return {
    countOn,
    isClaimedBeside(address, node) {
      const nodes = counts.get(address)?.size ?? 0;
      return nodes > (countOn(address, node) > 0 ? 1 : 0);
    },
    add(pod) {
      for (const address of pod.claims.keys()) count(address, pod.node, 1);
    },
    remove(pod) {
      for (const address of pod.claims.keys()) count(address, pod.node, -1);
    },
    nodesBeside(but, addresses) {
      const found = new Map<string, boolean>();
      for (const address of addresses) {
        const nodes = counts.get(address) ?? new Map<string, number>();
        for (const node of nodes.keys()) {
          if (node !== but) found.set(node, nodes.size > 1 || found.get(node) === true);
        }
      }
      return found;
    },
  };
}
