import type { Address } from '../address.ts';
import type { Assignment, Move, Plan } from '../plan/decision.ts';
import type { Problem } from '../plan/problem.ts';
import type { ClusterAccess } from '../state/cluster-access.ts';
import type { NodeState } from '../state/node-state.ts';
import { allEnded } from './all-ended.ts';
import { applyReleases, type Released } from './apply-releases.ts';
import { assignToEni } from './assign.ts';
import { problemOf } from './refused.ts';
import { mayBeElsewhere, takeOver } from './take-over.ts';

/** How a plan is to be applied. */
export interface ApplyOptions {
  /** Also assign what the read shows as kept: it may be an old view (DESIGN.md, rule 7). */
  readonly assignKept: boolean;
  /** Whether the pod has been told of a conflict about the address: then it is looked up before it is assigned. */
  readonly inConflict: (assignment: Assignment) => boolean;
  /** Nodes from whose ENIs a take-over unassigned are added, also when it throws. */
  readonly unassignedFrom: Set<string>;
  readonly signal?: AbortSignal;
}

/** What was done. */
export interface Applied extends Released {
  /** Assigned by this run; what was assigned again for safety is not in it. */
  readonly assigned: readonly Assignment[];
  readonly takenOver: number;
  readonly problems: readonly Problem[];
}

/**
 * Does what was decided: one EC2 call per ENI, direction and family, releases before assigns,
 * since a full ENI must first be emptied.
 *
 * @throws StalePodsError, UnsettledError, and what EC2 and the API server throw, once no call is
 *   under way any more.
 */
export async function apply(
  access: ClusterAccess,
  state: NodeState,
  plan: Plan,
  options: ApplyOptions,
): Promise<Applied> {
  const releases = await applyReleases(access, state, plan, options.signal);
  const wanted: (Assignment | Move)[] = [...plan.move, ...plan.assign];
  const kept = options.assignKept
    ? plan.keep.filter(({ claim, withinPrefix }) => !claim.terminating && !withinPrefix)
    : [];
  const enis = new Set([...kept, ...wanted].map(({ eniId }) => eniId));
  const served = await allEnded(
    [...enis].map((eniId) => {
      const on = (assignment: Assignment): boolean => assignment.eniId === eniId;
      return assign(access, state, kept.filter(on), wanted.filter(on), options);
    }),
  );
  return {
    ...releases,
    assigned: served.flatMap((entry) => entry.assigned),
    takenOver: served.reduce((sum, entry) => sum + entry.takenOver, 0),
    problems: served.flatMap((entry) => entry.problems),
  };
}

async function assign(
  access: ClusterAccess,
  state: NodeState,
  kept: readonly Assignment[],
  wanted: readonly Assignment[],
  options: ApplyOptions,
): Promise<Pick<Applied, 'assigned' | 'takenOver' | 'problems'>> {
  const { signal } = options;
  const contested = wanted.filter(options.inConflict);
  const tried = [...kept, ...wanted.filter((assignment) => !contested.includes(assignment))];
  const [first] = tried;
  const addresses = tried.map(({ address }) => address);
  const outcome = first
    ? await assignToEni(access.ec2.client, first.eniId, addresses, signal)
    : { done: [], refused: [] };

  const problems: Problem[] = [];
  for (const { address, refusal } of outcome.refused) {
    const assignment = tried.find((entry) => entry.address === address);
    if (assignment === undefined) continue;
    const { claim, eniId } = assignment;
    if (mayBeElsewhere(refusal.kind)) contested.push(assignment);
    else problems.push({ pod: claim.pod, address, ...problemOf(refusal, eniId) });
  }
  const taken = await takeOver(access, state, contested, options.unassignedFrom, signal);
  const done = new Set<Address>(outcome.done);
  return {
    assigned: [...wanted.filter(({ address }) => done.has(address)), ...taken.assigned],
    takenOver: taken.takenOver,
    problems: [...problems, ...taken.problems],
  };
}
