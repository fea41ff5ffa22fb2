import { parseProblems } from '../claims/condition-message.ts';
import type { Pod } from '../cluster/kubernetes.ts';
import { type Contested, decidePassing } from '../plan/conflict.ts';
import type { Assignment, Foreign, Placement, Plan } from '../plan/decision.ts';
import { plan } from '../plan/plan.ts';
import type { Policy } from '../plan/policy.ts';
import type { Problem } from '../plan/problem.ts';
import type { ClusterState } from '../state/cluster-state.ts';
import type { NodeState } from '../state/node-state.ts';
import type { SeenEnis } from '../state/seen-enis.ts';
import { conditionOf, isSame, outcomesOutsideEc2 } from './condition.ts';

/** Where one node's ENIs differ from what its pods claim. */
export interface Drift {
  readonly node: string;
  readonly instanceId: string;
  /** Claimed, and not on its ENI, though it could be. */
  readonly missing: readonly Assignment[];
  /** In a range, claimed by nobody, and still on an ENI. */
  readonly leaked: readonly Placement[];
  /** Claimed by nobody, and not known to be a pod's: reported, left alone. */
  readonly foreign: readonly Foreign[];
  /** Claimed, and held by another who keeps it. */
  readonly conflicting: readonly Problem[];
  /** Claimed, and its ENI has no room. */
  readonly full: readonly Problem[];
  /** Of pods that run without a network that they asked for. */
  readonly notAttached: readonly Problem[];
  /** Claims that fit none of the ENIs in view: it may be one that lacks the tag. */
  readonly ignored: number;
  /** A reconcile of the node would change something: the ENIs, or what a pod is told. */
  readonly toReconcile: boolean;
  /** What was decided, before it was weighed against what other ENIs have. */
  readonly plan: Plan;
  /** All that pods are to be told. */
  readonly problems: readonly Problem[];
}

/** What a node is weighed against: the cluster, and all ENIs that it saw. */
export interface ClusterView {
  readonly cluster: string;
  readonly policy: Policy;
  readonly state: ClusterState;
  readonly enis: SeenEnis;
}

/** The drift of one node. Pure. */
export function driftOf(view: ClusterView, node: NodeState): Drift {
  return weigh(view, node, plan({ ...node, named: new Set(), unassigns: true }));
}

/** Weighs what was decided for a node against what other ENIs have. Pure. */
export function weigh(view: ClusterView, node: NodeState, decided: Plan): Drift {
  const contested: Problem[] = [];
  const missing: Assignment[] = [...decided.move];
  for (const assignment of decided.assign) {
    const kept = keptByAnother(view, node, assignment);
    if (kept) contested.push(...kept);
    else missing.push(assignment);
  }
  // Those that wait are tried in the place of contested ones, and some of them are contested
  // themselves.
  for (const assignment of toldOfHolders(node, decided.waiting)) {
    contested.push(...(keptByAnother(view, node, assignment) ?? []));
  }
  const answered = new Set(contested.map(keyOf));
  const problems = [
    ...decided.problems.filter((problem) => !answered.has(keyOf(problem))),
    ...contested,
  ];
  const releases = mayRelease(view) && decided.release.length > 0;
  return {
    node: node.node,
    instanceId: node.instanceId,
    missing,
    leaked: decided.release,
    foreign: decided.foreign,
    conflicting: problems.filter(({ kind }) => kind === 'conflict' || kind === 'held-elsewhere'),
    full: problems.filter(({ kind }) => kind === 'eni-full'),
    notAttached: problems.filter(({ kind }) => kind === 'not-attached'),
    ignored: decided.ignored,
    plan: decided,
    problems,
    toReconcile:
      missing.length > 0 || releases || !isTold(node, [...decided.keep, ...decided.held], problems),
  };
}

/** The assignments whose pod was told another problem than that its ENI is full. */
function toldOfHolders(
  { podObjects }: NodeState,
  waiting: readonly Assignment[],
): readonly Assignment[] {
  return [...Map.groupBy(waiting, ({ claim }) => claim.pod.uid)].flatMap(([uid, ofPod]) => {
    const problems = parseProblems(podObjects.get(uid)?.condition?.message ?? '');
    const others = problems.filter(({ kind }) => kind !== 'eni-full');
    const told = new Set(others.map(({ address }) => address));
    return ofPod.filter(({ address }) => told.has(address));
  });
}

function keyOf(problem: Problem): string {
  return `${problem.pod.uid}/${'address' in problem ? problem.address : problem.kind}`;
}

function mayRelease({ policy: { unassigns, writes } }: ClusterView): boolean {
  return unassigns && writes;
}

/** The claimants' problems of an address that is on another ENI in view, where the rule leaves it there. */
function keptByAnother(
  view: ClusterView,
  node: NodeState,
  assignment: Assignment,
): readonly Problem[] | undefined {
  const contested = contestedBy(view, node, assignment);
  if (contested === undefined) return undefined;
  const { problems, taker } = decidePassing(contested, assignment);
  return taker === undefined ? problems : undefined;
}

/** What is known of an address that another ENI in view has; `undefined` where none has it. */
export function contestedBy(
  view: ClusterView,
  node: NodeState,
  { address, eniId }: Placement,
): Omit<Contested, 'claimant'> | undefined {
  const own = node.enis.find(({ id }) => id === eniId);
  const having = own === undefined ? [] : view.enis.having(own.vpcId, address);
  const eni = having.find(({ id }) => id !== eniId);
  if (eni === undefined) return undefined;
  const { states, stranded } = view.state;
  return {
    cluster: view.cluster,
    address,
    eni,
    holderNode: eni.instanceId === undefined ? undefined : states.get(eni.instanceId),
    stranded: stranded.get(address) ?? [],
    ranges: node.ranges,
    unassigns: mayRelease(view),
  };
}

/**
 * Whether a pod of a node outside EC2 waits for what will never come, or was told something that is
 * not so.
 */
export function hasUntold(pods: readonly Pod[]): boolean {
  return outcomesOutsideEc2(pods).some((outcome) => {
    const condition = conditionOf(outcome);
    return condition !== undefined && !isSame(condition, outcome.pod.condition);
  });
}

/** Whether every pod's condition says what is so: nobody is left with an answer that no longer holds. */
function isTold(
  node: NodeState,
  has: readonly Assignment[],
  problems: readonly Problem[],
): boolean {
  const placedOf = Map.groupBy(has, ({ claim }) => claim.pod.uid);
  const problemsOf = Map.groupBy(problems, ({ pod }) => pod.uid);
  return [...node.podObjects.values()]
    .filter((pod) => !pod.terminating && !pod.finished)
    .every((pod) => {
      const placed = placedOf.get(pod.uid) ?? [];
      const known = problemsOf.get(pod.uid) ?? [];
      const condition = conditionOf({ pod, placed, problems: known });
      return condition === undefined || isSame(condition, pod.condition);
    });
}
