import type { Address } from '../address.ts';
import type { PodRef } from '../cluster/kubernetes.ts';
import type { Assignment, Placement } from '../plan/decision.ts';
import type { ClaimProblem } from '../plan/problem.ts';
import { noRequests, type Requests } from './requests.ts';

/**
 * What an apply has done and been answered. It is written as things happen, so that it is whole
 * also where a call fails: an address that was assigned is told, and a node that was taken from
 * hears of it, whatever becomes of the rest.
 */
export interface Journal {
  /** By pod and address, as `claimKey` gives it. */
  readonly assigned: Set<string>;
  /** By pod and address. */
  readonly problems: Map<string, ClaimProblem>;
  /** The addresses of `assigned` that were unassigned from another ENI before, and from which. */
  readonly takenFrom: Map<Address, string>;
  /** Who had an address that was taken over, where its node told that pod of it. */
  readonly lostBy: Map<Address, PodRef>;
  readonly requests: Requests;
  readonly released: Placement[];
  /** Shown by the read, and not assigned any more, as EC2 says: the read was an old one. */
  readonly alreadyAbsent: Placement[];
  /** Named, not shown by the read, and not on the ENI now. */
  readonly unseenAbsent: Placement[];
  /** Named, and not shown by two reads, while EC2 has not said of each that it is not on the ENI. */
  readonly unconfirmed: Placement[];
  /** Nodes from whose ENIs an unassign was sent for a take-over, whatever its answer. */
  readonly unassignedFrom: Set<string>;
  /** Whether a call was sent that unassigns, whatever its answer. */
  releaseSent: boolean;
  /** What calls failed with because of one ENI, and its id. */
  readonly eniErrors: Map<Error, string>;
  /** What calls failed with, other than by a refusal. */
  readonly failures: unknown[];
}

export function newJournal(): Journal {
  return {
    assigned: new Set(),
    problems: new Map(),
    takenFrom: new Map(),
    lostBy: new Map(),
    requests: noRequests(),
    released: [],
    alreadyAbsent: [],
    unseenAbsent: [],
    unconfirmed: [],
    unassignedFrom: new Set(),
    releaseSent: false,
    eniErrors: new Map(),
    failures: [],
  };
}

export function claimKey(pod: PodRef, address: Address): string {
  return `${pod.uid}/${address}`;
}

export function recordAssigned(
  { assigned, problems }: Journal,
  { address, claim: { pod } }: Assignment,
): void {
  const key = claimKey(pod, address);
  assigned.add(key);
  problems.delete(key);
}

export function recordProblem({ problems }: Journal, problem: ClaimProblem): void {
  problems.set(claimKey(problem.pod, problem.address), problem);
}

/** Does `task`; what it throws is among the failures. @returns whether it went well. */
export async function attempt(
  { failures }: Journal,
  task: () => Promise<unknown>,
): Promise<boolean> {
  try {
    await task();
    return true;
  } catch (error) {
    failures.push(error);
    return false;
  }
}
