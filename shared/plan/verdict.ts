import type { Address } from '../address.ts';
import type { NotAttached, UnreadableAnnotation } from '../claims/claim.ts';
import type { PodRef } from '../cluster/kubernetes.ts';
import type { EntryPod } from '../cluster/ledgers.ts';
import type { PlacedClaim } from './place-claims.ts';
import type { ClaimProblem, Problem } from './problem.ts';

/** An address on an ENI. */
export interface Placement {
  readonly address: Address;
  readonly eniId: string;
}

/** What became of a verdict. `absent`: EC2 had released it already. `open`: a call failed, so nobody knows. */
export type Done = 'yes' | 'absent' | 'refused' | 'open';

/** What acting adds to a verdict. */
export interface Answer {
  /** Absent: nothing was to be done, or nothing was tried. */
  readonly done?: Done;
  /** What the pod is told, if it does not have the address. */
  readonly problem?: ClaimProblem;
  /** The ENI of another node that the address was taken over from, and who had it, if that is known. */
  readonly takenFrom?: { readonly eniId: string; readonly pod?: EntryPod };
  /** EC2's ids of the requests that assigned it, and that unassigned it. */
  readonly requests?: { readonly assign?: string; readonly unassign?: string };
}

/** A live pod speaks for the address. */
interface Spoken extends Placement, Answer {
  readonly claim: PlacedClaim;
}

/** EC2 shows it on its ENI. */
export interface Keep extends Spoken {
  readonly want: 'keep';
  /** It is there as part of a delegated prefix, and no ledger has it. */
  readonly withinPrefix: boolean;
  /** The ledger does not say that EC2 took it, so EC2 is asked once more (docs/design.md, rule L7). */
  readonly again: boolean;
}

/** It stays on the ENI that the ledger names, although the pod's claim fits no ENI any more. */
export interface Hold extends Spoken {
  readonly want: 'hold';
}

/** It is on no managed ENI of this node; another node may hold it. */
export interface Assign extends Spoken {
  readonly want: 'assign';
  /**
   * The node's other pods that claim it and acquire, oldest first: another node's holder may give it to
   * one of these instead.
   */
  readonly rivals: readonly PlacedClaim[];
  /** Its ENI has no place for it before what is released, or moves away, has left. */
  readonly needsRoom: boolean;
}

/** It moves between two managed ENIs of the node. */
export interface Move extends Omit<Assign, 'want'> {
  readonly want: 'move';
  readonly from: string;
}

/** There is no room for it: it is tried if EC2 refuses what goes before it. */
export interface Wait extends Omit<Assign, 'want'> {
  readonly want: 'wait';
  readonly problem: ClaimProblem;
}

/** Nobody claims it, and it is ours. */
export interface Release extends Placement, Answer {
  readonly want: 'release';
  /** Who had it last, as the ledger says. */
  readonly pod?: EntryPod;
}

/** Nobody claims it, and no ledger says that it is ours: it is reported and left alone. */
export interface Foreign extends Placement {
  readonly want: 'foreign';
}

/** A pod claims it and does not get it. */
export interface Refuse {
  readonly want: 'refuse';
  readonly address: Address;
  readonly pod: PodRef;
  readonly problem: ClaimProblem;
}

/** What is wanted with an address that a pod is to have: EC2 may be asked for it. */
export type Assignment = Keep | Assign | Move | Wait;

/**
 * What is true of one address on one node, what is wanted, and what was done about it. `decide` makes one
 * for each address and pod, `act` answers them, and everybody else renders them.
 */
export type Verdict = Assignment | Hold | Release | Foreign | Refuse;

/** A problem of a pod that is none of one address. */
export type PodProblem = { readonly pod: PodRef } & (UnreadableAnnotation | NotAttached);

/** All that is decided for one node. */
export interface Decision {
  readonly verdicts: readonly Verdict[];
  readonly podProblems: readonly PodProblem[];
  /** Claims of networks that are not on ENIs. */
  readonly ignored: number;
}

/** The verdicts that want something of these. */
export function wanting<W extends Verdict['want']>(
  verdicts: readonly Verdict[],
  ...wants: readonly W[]
): Extract<Verdict, { readonly want: W }>[] {
  const wanted: ReadonlySet<string> = new Set(wants);
  return verdicts.filter((verdict): verdict is Extract<Verdict, { readonly want: W }> =>
    wanted.has(verdict.want),
  );
}

/** The pod that a verdict is told to; absent if nobody claims the address. */
export function podOf(verdict: Verdict): PodRef | undefined {
  if (verdict.want === 'refuse') return verdict.pod;
  return 'claim' in verdict ? verdict.claim.pod : undefined;
}

/** What a pod is told of an address, if something is wrong. */
export function problemOf(verdict: Verdict): ClaimProblem | undefined {
  if (!('problem' in verdict) || ('done' in verdict && verdict.done === 'yes')) return undefined;
  return verdict.problem;
}

/** Whether the pod of a verdict has the address. */
export function isPlaced(verdict: Verdict): verdict is Assignment | Hold {
  switch (verdict.want) {
    case 'keep':
      return verdict.problem === undefined;
    case 'hold':
      return true;
    case 'assign':
    case 'move':
    case 'wait':
      return verdict.done === 'yes';
    default:
      return false;
  }
}

/** Whether EC2 took an address that it did not show before. */
export function isNewlyAssigned(verdict: Verdict): verdict is Assign | Move | Wait {
  const { want } = verdict;
  return (want === 'assign' || want === 'move' || want === 'wait') && verdict.done === 'yes';
}

/** All problems of a decision, those of pods first. */
export function problemsOf({ podProblems, verdicts }: Omit<Decision, 'ignored'>): Problem[] {
  return [...podProblems, ...verdicts.flatMap((verdict) => problemOf(verdict) ?? [])];
}
