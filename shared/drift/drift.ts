import type { Address } from '../address.ts';
import { parseProblems } from '../claims/condition-message.ts';
import type { Pod } from '../cluster/kubernetes.ts';
import { type Contested, decidePassing } from '../plan/conflict.ts';
import { entryFor, outdatedEntries } from '../plan/entries.ts';
import { entryOf, isUsable } from '../plan/ledger.ts';
import { type PlacedClaim, placedOf } from '../plan/place-claims.ts';
import { plan } from '../plan/plan.ts';
import type { Policy } from '../plan/policy.ts';
import type { AddressProblem, Problem } from '../plan/problem.ts';
import {
  type Assign,
  type Decision,
  type Foreign,
  type Move,
  type Placement,
  podOf,
  problemsOf,
  type Refuse,
  type Release,
  type Verdict,
  type Wait,
  wanting,
} from '../plan/verdict.ts';
import { claimedIn } from '../plan/vpcs.ts';
import type { ClusterState } from '../state/cluster-state.ts';
import type { NodeState } from '../state/node-state.ts';
import type { SeenEnis } from '../state/seen-enis.ts';
import { isTold, outcomesOf, outcomesOutsideEc2 } from './condition.ts';
import { dryRunOutcomes } from './dry-run-condition.ts';

/** Where one node's ENIs differ from what its pods claim. */
export interface Drift extends Decision {
  readonly node: string;
  readonly instanceId: string;
  /** A reconcile of the node would change something: the ENIs, the ledgers, or what a pod is told. */
  readonly toReconcile: boolean;
}

/** What an operator counts of a drift. */
export interface Found {
  /** Claimed, and not on its ENI, though it could be. */
  readonly missing: readonly (Assign | Move)[];
  /** Ours, claimed by nobody, and still on an ENI. */
  readonly leaked: readonly Release[];
  /** Claimed by nobody, and in no ledger: reported, left alone. */
  readonly foreign: readonly Foreign[];
  /** Claimed, and held by another who keeps it. */
  readonly conflicting: readonly Problem[];
  /** Claimed, and its ENI has no room. */
  readonly full: readonly Problem[];
  /** Of pods that run without a network that they asked for. */
  readonly notAttached: readonly Problem[];
}

const CONFLICTS: ReadonlySet<string> = new Set<Problem['kind']>([
  'conflict',
  'held-elsewhere',
  'unrecorded',
]);

/** Sorts the verdicts of a drift by what an operator counts. */
export function foundIn(drift: Pick<Drift, 'verdicts' | 'podProblems'>): Found {
  const { verdicts } = drift;
  const problems = problemsOf(drift);
  return {
    missing: wanting(verdicts, 'assign', 'move'),
    leaked: wanting(verdicts, 'release'),
    foreign: wanting(verdicts, 'foreign'),
    conflicting: problems.filter(({ kind }) => CONFLICTS.has(kind)),
    full: problems.filter(({ kind }) => kind === 'eni-full'),
    notAttached: problems.filter(({ kind }) => kind === 'not-attached'),
  };
}

/** What a node is weighed against: the cluster, and all ENIs that it saw. */
export interface ClusterView {
  readonly cluster: string;
  readonly policy: Policy;
  readonly state: ClusterState;
  readonly enis: SeenEnis;
  /** What the configuration makes ours. */
  readonly isOurs?: (address: Address) => boolean;
}

/** The drift of one node. Pure. */
export function driftOf(view: ClusterView, node: NodeState): Drift {
  return weigh(view, node, plan(node, { unassigns: true, isOurs: view.isOurs }));
}

/** Weighs what was decided for a node against what other ENIs have. Pure. */
function weigh(view: ClusterView, node: NodeState, decided: Decision): Drift {
  const refused = new Map<string, Refuse>();
  // Those that wait are tried in the place of contested ones, and some of them are contested themselves.
  const told = new Set<Verdict>(toldOfHolders(node, wanting(decided.verdicts, 'wait')));
  for (const verdict of wanting(decided.verdicts, 'assign', 'wait')) {
    if (verdict.want === 'wait' && !told.has(verdict)) continue;
    for (const refuse of keptByAnother(view, node, verdict)) refused.set(keyOf(refuse), refuse);
  }
  const verdicts = decided.verdicts.map((verdict) => refused.get(keyOf(verdict)) ?? verdict);
  const weighed = { ...decided, verdicts };
  return {
    ...weighed,
    node: node.node,
    instanceId: node.instanceId,
    toReconcile: isToReconcile(view, node, weighed),
  };
}

function isToReconcile(view: ClusterView, node: NodeState, decision: Decision): boolean {
  const { missing, leaked } = foundIn(decision);
  if (missing.length > 0 || (mayRelease(view) && leaked.length > 0)) return true;
  const { tells, writes } = view.policy;
  const outcomes = outcomesOf(node.podObjects.values(), decision);
  const told = writes ? outcomes : dryRunOutcomes(outcomes, decision);
  if (tells && !told.every(isTold)) return true;
  return writes && isLedgerOutdated(node, decision.verdicts);
}

/** Whether a reconcile would write an entry. That a tombstone is old enough is no reason (rule L9). */
function isLedgerOutdated(node: NodeState, verdicts: readonly Verdict[]): boolean {
  const { enis, enisReadAt, ledgers } = node;
  const isClaimed = claimedIn(placedOf(node), enis);
  const basis = { now: enisReadAt, enisReadAt, isClaimed };
  return (
    wanting(verdicts, 'keep').some(({ address, eniId, ...verdict }) => {
      const entry = entryOf(ledgers, eniId, address);
      const wanted = entryFor({ ...verdict, address, eniId }, entry, enisReadAt);
      return isUsable(ledgers, eniId) && wanted !== undefined;
    }) ||
    enis.some((eni) => {
      const reading = ledgers.of(eni.id);
      if (reading?.kind !== 'ledger') return false;
      return [...outdatedEntries(reading.ledger, eni, basis).values()].some(Boolean);
    })
  );
}

/** The assignments whose pod was told another problem than that its ENI is full. */
function toldOfHolders({ podObjects }: NodeState, waiting: readonly Wait[]): readonly Wait[] {
  return [...Map.groupBy(waiting, ({ claim }) => claim.pod.uid)].flatMap(([uid, ofPod]) => {
    const problems = parseProblems(podObjects.get(uid)?.condition?.message ?? '');
    const others = problems.filter(({ kind }) => kind !== 'eni-full');
    const told = new Set(others.map(({ address }) => address));
    return ofPod.filter(({ address }) => told.has(address));
  });
}

/** One verdict is about one address, and the pod that it is told to. */
function keyOf(verdict: Verdict): string {
  return `${podOf(verdict)?.uid} ${verdict.address}`;
}

function mayRelease({ policy: { unassigns, writes } }: ClusterView): boolean {
  return unassigns && writes;
}

/** What the claimants are told of an address that is on another ENI in view, if the rule leaves it there. */
function keptByAnother(
  view: ClusterView,
  node: NodeState,
  { address, claim, eniId, rivals }: Assign | Wait,
): readonly Refuse[] {
  const contested = contestedBy(view, node, { address, eniId });
  if (contested === undefined) return [];
  const { refused, taker } = decidePassing(contested, claim, rivals);
  return taker === undefined ? refused.map(refuseOf) : [];
}

function refuseOf({
  claim: { address, pod },
  problem,
}: {
  readonly claim: PlacedClaim;
  readonly problem: AddressProblem;
}): Refuse {
  return { want: 'refuse', address, pod, problem: { pod, address, ...problem } };
}

/** What is known of an address that another ENI in view has; `undefined` if none has it. */
export function contestedBy(
  view: ClusterView,
  node: NodeState,
  { address, eniId }: Placement,
): Omit<Contested, 'claimant'> | undefined {
  const own = node.enis.find(({ id }) => id === eniId);
  const having = own === undefined ? [] : view.enis.having(own.vpcId, address);
  const eni = having.find(({ id }) => id !== eniId);
  if (eni === undefined) return undefined;
  const { ledgers, states, stranded } = view.state;
  return {
    cluster: view.cluster,
    address,
    eni,
    ledgers,
    holderNode: eni.instanceId === undefined ? undefined : states.get(eni.instanceId),
    stranded: stranded.get(address) ?? [],
    unassigns: mayRelease(view),
    canRecord: isUsable(ledgers, eniId),
  };
}

/**
 * Whether a pod of a node outside EC2 waits for what will never come, or was told something that is
 * not so.
 */
export function hasUntold(pods: readonly Pod[]): boolean {
  return !outcomesOutsideEc2(pods).every(isTold);
}
