import type { Address } from '../address.ts';
import { MAX_ADDRESSES } from '../cluster/annotations.ts';
import type { PodRef } from '../cluster/kubernetes.ts';

/** One address that a pod claims. */
export interface Claim {
  readonly address: Address;
  /** `namespace/name` of the NetworkAttachmentDefinition; absent for a floating address. */
  readonly network?: string;
  /** The interface inside the pod, such as `net1`; absent for a floating address. */
  readonly interface?: string;
  /** The attachment's MAC address, lower case. */
  readonly mac?: string;
  /** The NetworkAttachmentDefinition's `master`, such as `eth1`. */
  readonly master?: string;
  /** Another attachment of the pod has the address too, which may be on an ENI of another VPC. */
  readonly several?: true;
  /** Claimed with the annotation `multus-eni.dev/floating-ips`. */
  readonly floating: boolean;
  /** When the claim began, ms since the epoch: `since`, or else the pod's creation. */
  readonly since: number;
  /**
   * The ENIs whose ledger names the pod for the address; ENIs on which it has the address come before
   * ENIs on which it had it.
   */
  readonly recordedOn?: readonly string[];
  /** What was recorded stands in for an annotation that cannot be read. */
  readonly unreadable?: true;
}

/** A part of a pod's annotations that cannot be read, or that names more addresses than are looked at. */
export interface UnreadableAnnotation {
  readonly kind: 'unreadable-annotation' | 'too-many-addresses';
  readonly annotation: string;
  /** What is wrong, and where in the value. */
  readonly detail: string;
}

/** Networks that a pod asked for, and that its sandbox was made without. */
export interface NotAttached {
  readonly kind: 'not-attached';
  /** `namespace/name` of each; none if the request cannot be read. */
  readonly networks: readonly string[];
  /** Since when the sandbox is ready, ms since the epoch. */
  readonly since: number;
  /** What is wrong with the request. */
  readonly unreadable?: string;
}

/** What one live pod claims. */
export interface PodClaims {
  readonly pod: PodRef;
  readonly node: string;
  /** Milliseconds since the epoch. */
  readonly createdAt: number;
  readonly terminating: boolean;
  /** At most MAX_ADDRESSES (shared/cluster/annotations.ts). */
  readonly claims: readonly Claim[];
  readonly unreadable: readonly UnreadableAnnotation[];
  readonly notAttached?: NotAttached;
}

/** What a pod is told whose annotations name more than MAX_ADDRESSES addresses. */
export function tooManyAddresses(annotation: string): UnreadableAnnotation {
  return { kind: 'too-many-addresses', annotation, detail: `more than ${MAX_ADDRESSES} addresses` };
}
