import type { Address } from '../address.ts';
import type { PlacedClaim } from './place-claims.ts';
import type { Problem } from './problem.ts';

/** An address on an ENI. */
export interface Placement {
  readonly address: Address;
  readonly eniId: string;
}

/** A placement that a live pod speaks for. */
export interface Assignment extends Placement {
  readonly claim: PlacedClaim;
  /**
   * The node's other pods that claim it and acquire, oldest first, where it is on no ENI of the
   * node: another node's holder may give it to one of these instead.
   */
  readonly rivals?: readonly PlacedClaim[];
  /** Its ENI has no place for it before what is released, or moves away, has left. */
  readonly needsRoom?: true;
}

/** An address that moves between two managed ENIs of the node. */
export interface Move extends Assignment {
  readonly fromEniId: string;
}

/** An address that is left alone, since something else than a pod may have put it there. */
export interface Foreign extends Placement {
  readonly why: 'in-no-range' | 'first-ipv6';
}

export interface Plan {
  /** On its ENI already, as a secondary address or within a delegated prefix. */
  readonly keep: readonly (Assignment & { readonly withinPrefix: boolean })[];
  /** On the ENI that the pod was told of, although its claim fits no ENI any more: left there. */
  readonly held: readonly Assignment[];
  /** On no managed ENI of this node; another node may hold it. */
  readonly assign: readonly Assignment[];
  readonly move: readonly Move[];
  /** For want of room, each with an `eni-full` problem: served if EC2 refuses what goes before it. */
  readonly waiting: readonly Assignment[];
  readonly release: readonly Placement[];
  /** Named by a message and not shown by the read, which may be old: "not assigned" means done. */
  readonly releaseUnseen: readonly Placement[];
  /** Unclaimed and named by no message, and not known to be a pod's: left alone. */
  readonly foreign: readonly Foreign[];
  readonly problems: readonly Problem[];
  /** Claims that fit none of the ENIs in view. */
  readonly ignored: number;
}

/** What nobody speaks for, from what is on the managed ENIs and what messages name. */
export type Unclaimed = Pick<Plan, 'release' | 'releaseUnseen' | 'foreign'>;
