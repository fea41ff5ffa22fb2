import { compareAddresses } from '../address.ts';
import { formatConditionMessage } from '../claims/condition-message.ts';
import { isLeftOut } from '../claims/left-out.ts';
import { NETWORK_STATUS, NETWORKS_STATUS } from '../cluster/annotations.ts';
import type { Pod, PodCondition } from '../cluster/kubernetes.ts';
import { describeProblem, type Problem } from '../plan/problem.ts';
import {
  type Assignment,
  type Decision,
  type Hold,
  isPlaced,
  podOf,
  problemsOf,
} from '../plan/verdict.ts';

/** What became of one pod's claims. */
export interface PodOutcome {
  readonly pod: Pod;
  /** On their ENIs. */
  readonly placed: readonly (Assignment | Hold)[];
  readonly problems: readonly Problem[];
  /** Its node is no EC2 instance: nothing will ever be assigned there. */
  readonly outsideEc2?: boolean;
  /** What it is told in the place of all this, under the policy `dry-run`. */
  readonly instead?: PodCondition;
}

/**
 * The outcome of each live pod of a node. A pod is left out if a call for it failed, because nobody knows what
 * became of its addresses.
 */
export function outcomesOf(pods: Iterable<Pod>, decision: Omit<Decision, 'ignored'>): PodOutcome[] {
  const placedOf = Map.groupBy(decision.verdicts.filter(isPlaced), ({ claim }) => claim.pod.uid);
  const problemsOfPod = Map.groupBy(problemsOf(decision), ({ pod }) => pod.uid);
  const open = new Set(
    decision.verdicts.flatMap((verdict) =>
      'done' in verdict && verdict.done === 'open' ? (podOf(verdict)?.uid ?? []) : [],
    ),
  );
  return [...pods]
    .filter((pod) => !pod.terminating && !pod.finished && !open.has(pod.uid))
    .map((pod) => ({
      pod,
      placed: placedOf.get(pod.uid) ?? [],
      problems: problemsOfPod.get(pod.uid) ?? [],
    }));
}

/** Whether a pod's condition says what is so, or has nothing to say. */
export function isTold(outcome: PodOutcome): boolean {
  const condition = conditionOf(outcome);
  return condition === undefined || isSame(condition, outcome.pod.condition);
}

/** The outcomes of the live pods of a node outside EC2. */
export function outcomesOutsideEc2(pods: readonly Pod[]): PodOutcome[] {
  return pods
    .filter((pod) => !pod.terminating && !pod.finished)
    .map((pod) => ({ pod, placed: [], problems: [], outsideEc2: true }));
}

/** `outside-subnet` → `OutsideSubnet`, as condition reasons are written. */
function reasonOf(kind: Problem['kind']): string {
  return kind.replace(/(?:^|-)([a-z])/g, (_, letter: string) => letter.toUpperCase());
}

/**
 * The condition that tells the outcome; `undefined` for a pod that is none of our business:
 * one that claims nothing, waits for nothing and was told nothing.
 */
export function conditionOf(outcome: PodOutcome): PodCondition | undefined {
  const { pod, instead } = outcome;
  if (instead !== undefined) return instead;
  const placed = outcome.placed.toSorted((a, b) => compareAddresses(a.address, b.address));
  const problems = inOrder(outcome.problems).map((problem) => ({
    address: 'address' in problem ? problem.address : undefined,
    kind: problem.kind,
    detail: describeProblem(problem),
  }));
  const message = formatConditionMessage(placed, problems);
  const [first] = problems;
  if (first) return { status: 'False', reason: reasonOf(first.kind), message };
  if (placed.length > 0) return { status: 'True', reason: 'Assigned', message };
  // A pod of bridge networks alone, with our readiness gate, would otherwise never be ready.
  return (pod.gated && isKnown(outcome)) || pod.condition
    ? { status: 'True', reason: 'NothingToAssign', message }
    : undefined;
}

/**
 * Whether it is known what there is to assign: Multus has written what the pod is attached to, or
 * nothing of that would count.
 */
function isKnown({ pod, outsideEc2 = false }: PodOutcome): boolean {
  const { annotations, hostNetwork } = pod;
  const attached = annotations[NETWORK_STATUS] ?? annotations[NETWORKS_STATUS];
  return attached !== undefined || outsideEc2 || hostNetwork || isLeftOut(pod);
}

/** The order in which a condition lists problems. Its reason is the first one's. */
export function inOrder(problems: readonly Problem[]): Problem[] {
  const keyOf = (problem: Problem): string =>
    `${'address' in problem ? problem.address : ''} ${problem.kind} ${describeProblem(problem)}`;
  const keyed = problems.map((problem) => ({ problem, key: keyOf(problem) }));
  return keyed.sort((a, b) => (a.key < b.key ? -1 : 1)).map(({ problem }) => problem);
}

export function isSame(a: PodCondition, b: PodCondition | undefined): boolean {
  return a.status === b?.status && a.reason === b.reason && a.message === b.message;
}
