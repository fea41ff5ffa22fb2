import type { ProbeReport } from '../../shared/probe.ts';
import type { FailureCode } from './failures.ts';
import type { PodFacts } from './pod-facts.ts';

/** One of the two pods, and when it was seen to get further, ms since the epoch. */
export interface Side {
  readonly node: string;
  readonly pod: string;
  /** Absent while nothing was seen of the pod. */
  readonly facts?: PodFacts;
  /** The pod was there, and somebody removed it. */
  readonly gone?: true;
  /** What Events warn of it. */
  readonly warnings: readonly string[];
  /** Its network-status was there. */
  readonly attachedAt?: number;
  /** Its condition said that the address is assigned. */
  readonly assignedAt?: number;
  /** The gateway or the other pod answered for the first time. */
  readonly answeredAt?: number;
  readonly report?: ProbeReport;
  /** Why its log, and so its report, cannot be read. */
  readonly unread?: string;
  /** The API server said so, as where it does not reach the kubelet. A connection may only have broken. */
  readonly refused?: boolean;
}

/** All that a probe has seen of a network so far. */
export interface ProbeSeen {
  /** `namespace/name`. */
  readonly network: string;
  /** Absent if nobody says which it is. */
  readonly gateway?: string;
  readonly sides: readonly [Side, Side];
}

/** One line of the table. */
export interface Row {
  readonly check:
    | 'pod'
    | 'address'
    | 'duplicate'
    | 'link'
    | 'gateway'
    | 'answer'
    | 'to the peer'
    | 'reply path'
    | 'mtu';
  /** The node from which it was tried. */
  readonly node: string;
  /** To which. */
  readonly to?: string;
  /** `skipped`: it follows from a failure that has a row of its own. */
  readonly result: 'ok' | 'failed' | 'skipped';
  readonly code?: FailureCode;
  /** What was seen. */
  readonly text: string;
}
