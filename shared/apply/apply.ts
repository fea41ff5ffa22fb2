import { type Address, familyOf } from '../address.ts';
import type { Assignment, Move, Placement, Plan } from '../plan/decision.ts';
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
  /** Also assign what the read shows as kept: it may be an old view (docs/design.md, rule 7). */
  readonly assignKept: boolean;
  /** Whether the pod has been told of a conflict about the address: then it is looked up before it is assigned. */
  readonly inConflict: (assignment: Assignment) => boolean;
  /** Nodes from whose ENIs a take-over unassigned are added, also when it throws. */
  readonly unassignedFrom: Set<string>;
  /** Told of each address to be released that the read did not show and EC2 does not have, also when it throws. */
  readonly onUnseenGone?: (placement: Placement) => void;
  readonly signal?: AbortSignal;
}

/** What was done. */
export interface Applied extends Released {
  /** Assigned by this run; what was assigned again for safety is not in it. */
  readonly assigned: readonly Assignment[];
  readonly takenOver: number;
  /** Those of the plan that still stand, and those that EC2 and the other nodes had. */
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
  const releases = await applyReleases(
    access,
    state,
    plan,
    options.onUnseenGone ?? (() => {}),
    options.signal,
  );
  const wanted: (Assignment | Move)[] = [...plan.move, ...plan.assign];
  const kept = options.assignKept
    ? plan.keep.filter(({ claim, withinPrefix }) => !claim.terminating && !withinPrefix)
    : [];
  const enis = new Set([...kept, ...wanted].map(({ eniId }) => eniId));
  const served = await allEnded(
    [...enis].map((eniId) => {
      const on = (assignment: Assignment): boolean => assignment.eniId === eniId;
      const queue = { kept: kept.filter(on), wanted: wanted.filter(on) };
      return serve(access, state, { ...queue, waiting: plan.waiting.filter(on) }, options);
    }),
  );
  const tried = new Set(served.flatMap((entry) => entry.tried).map(keyOf));
  const standing = plan.problems.filter((problem) => !isAnswered(problem, tried));
  return {
    ...releases,
    assigned: served.flatMap((entry) => entry.assigned),
    takenOver: served.reduce((sum, entry) => sum + entry.takenOver, 0),
    problems: [...standing, ...served.flatMap((entry) => entry.problems)],
  };
}

/** The assignments of one ENI, in the order in which they are served. */
interface Queue {
  readonly kept: readonly Assignment[];
  readonly wanted: readonly Assignment[];
  readonly waiting: readonly Assignment[];
}

interface Served extends Pick<Applied, 'assigned' | 'takenOver' | 'problems'> {
  readonly tried: readonly Assignment[];
}

/** Serves an ENI's queue; the room of what is refused goes to those that wait for it. */
async function serve(
  access: ClusterAccess,
  state: NodeState,
  { kept, wanted, waiting }: Queue,
  options: ApplyOptions,
): Promise<Served> {
  const first = await assign(access, state, kept, wanted, options);
  const next = ([4, 6] as const).flatMap((family) => {
    const inFamily = ({ address }: { address: Address }) => familyOf(address) === family;
    const refused = first.problems.flatMap((problem) => ('address' in problem ? [problem] : []));
    return refused.some((problem) => problem.kind === 'eni-full' && inFamily(problem))
      ? []
      : waiting.filter(inFamily).slice(0, refused.filter(inFamily).length);
  });
  if (next.length === 0) return { ...first, tried: wanted };
  const rest = waiting.filter((assignment) => !next.includes(assignment));
  const then = await serve(access, state, { kept: [], wanted: next, waiting: rest }, options);
  return {
    tried: [...wanted, ...then.tried],
    assigned: [...first.assigned, ...then.assigned],
    takenOver: first.takenOver + then.takenOver,
    problems: [...first.problems, ...then.problems],
  };
}

async function assign(
  access: ClusterAccess,
  state: NodeState,
  kept: readonly Assignment[],
  wanted: readonly Assignment[],
  options: ApplyOptions,
): Promise<Omit<Served, 'tried'>> {
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

function keyOf({ claim, address }: Assignment): string {
  return `${claim.pod.uid}/${address}`;
}

/** Whether what the plan said of an address that waited for room has been tried and answered since. */
function isAnswered(problem: Problem, tried: ReadonlySet<string>): boolean {
  return problem.kind === 'eni-full' && tried.has(`${problem.pod.uid}/${problem.address}`);
}
