import type { Address } from '../address.ts';
import type { Assignment, Move, Placement, Plan } from '../plan/decision.ts';
import type { Problem } from '../plan/problem.ts';
import type { ClusterAccess } from '../state/cluster-access.ts';
import type { NodeState } from '../state/node-state.ts';
import { assignToEni } from './assign.ts';
import { problemOf } from './refused.ts';
import { releaseFromEni } from './release.ts';
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
export interface Applied {
  /** Assigned by this run; what was assigned again for safety is not in it. */
  readonly assigned: readonly Assignment[];
  readonly takenOver: number;
  readonly released: readonly Placement[];
  /** What must be seen to be gone before the message is done. */
  readonly toBeGone: readonly Placement[];
  readonly problems: readonly Problem[];
}

/**
 * Does what was decided: one EC2 call per ENI, direction and family, releases before assigns,
 * since a full ENI must first be emptied.
 *
 * @throws StalePodsError, UnsettledError, and what EC2 and the API server throw.
 */
export async function apply(
  access: ClusterAccess,
  state: NodeState,
  plan: Plan,
  options: ApplyOptions,
): Promise<Applied> {
  const releases = await applyReleases(access, state, plan, options);
  const wanted: (Assignment | Move)[] = [...plan.move, ...plan.assign];
  const kept = options.assignKept
    ? plan.keep.filter(({ claim, withinPrefix }) => !claim.terminating && !withinPrefix)
    : [];
  const enis = new Set([...kept, ...wanted].map(({ eniId }) => eniId));
  const assigned = await Promise.all(
    [...enis].map((eniId) => {
      const on = (assignment: Assignment): boolean => assignment.eniId === eniId;
      return applyAssigns(access, state, kept.filter(on), wanted.filter(on), options);
    }),
  );
  return {
    assigned: assigned.flatMap((entry) => entry.assigned),
    takenOver: assigned.reduce((sum, entry) => sum + entry.takenOver, 0),
    problems: assigned.flatMap((entry) => entry.problems),
    ...releases,
  };
}

async function applyReleases(
  access: ClusterAccess,
  state: NodeState,
  plan: Plan,
  { signal }: ApplyOptions,
): Promise<Pick<Applied, 'released' | 'toBeGone'>> {
  const { once } = access.ec2;
  const releasing = { once, clock: access.clock, listedAt: state.listedAt, signal };
  const seen: Placement[] = [
    ...plan.release,
    ...plan.move.map(({ address, fromEniId }) => ({ address, eniId: fromEniId })),
  ];
  const release = async (eniId: string, addresses: readonly Address[]): Promise<Placement[]> => {
    const { done } = await releaseFromEni(releasing, eniId, addresses);
    return done.map((address) => ({ address, eniId }));
  };
  const released = await Promise.all(
    [...Map.groupBy(seen, ({ eniId }) => eniId)].map(([eniId, onEni]) =>
      release(eniId, addressesOf(onEni)),
    ),
  );
  // What the read does not show is mostly gone, and EC2's refusal does not say which: one by one.
  const unseen = await Promise.all(
    plan.releaseUnseen.map(({ eniId, address }) => release(eniId, [address])),
  );
  // "Not assigned" for what the read showed says that the read was old: it too must be seen to be gone.
  return {
    released: [...released.flat(), ...unseen.flat()],
    toBeGone: [...seen, ...unseen.flat()],
  };
}

async function applyAssigns(
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
  const outcome = first
    ? await assignToEni(access.ec2.client, first.eniId, addressesOf(tried), signal)
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

function addressesOf(placements: readonly Placement[]): Address[] {
  return placements.map(({ address }) => address);
}
