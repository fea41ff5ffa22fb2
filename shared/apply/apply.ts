import type { Address } from '../address.ts';
import { parseAssigned } from '../claims/condition-message.ts';
import type { PodRef } from '../cluster/kubernetes.ts';
import type { Assignment, Placement, Plan } from '../plan/decision.ts';
import type { Problem } from '../plan/problem.ts';
import type { ClusterAccess } from '../state/cluster-access.ts';
import type { NodeState } from '../state/node-state.ts';
import { type Releases, startReleases } from './apply-releases.ts';
import { assertAttached, isSeenElsewhere } from './attached.ts';
import { eniCalls } from './eni-calls.ts';
import { attempt, claimKey, type Journal, newJournal } from './journal.ts';
import { StalePodsError } from './release.ts';
import { noRequests, type Requests } from './requests.ts';
import { type EniWork, type Serving, serve } from './serve-eni.ts';
import type { LetGoElsewhere } from './take-over.ts';

/** How a plan is to be applied. */
export interface ApplyOptions {
  /** Assign all that the read shows as kept, not only what no pod was told of: it may be an old view. */
  readonly assignKept: boolean;
  /** Whether another may have the address: then it is looked up before it is assigned. */
  readonly lookFirst: (assignment: Assignment) => boolean;
  /** What pods of other nodes let go of, which may be taken over from those nodes. */
  readonly letGo?: LetGoElsewhere;
  /**
   * Asked before anything is unassigned from the node's own ENIs, and only then: the plan to follow
   * instead, where nothing may be.
   */
  readonly restricted?: () => Promise<Plan | undefined>;
  readonly signal?: AbortSignal;
}

/** What was done. */
export interface Applied {
  /** Assigned by this run; what was assigned again for safety is not in it. */
  readonly assigned: readonly Assignment[];
  readonly takenOver: number;
  /** The ENIs that addresses of `assigned` were taken over from. */
  readonly takenFrom: ReadonlyMap<Address, string>;
  /** Who had addresses of `takenFrom`, where that is known. */
  readonly lostBy: ReadonlyMap<Address, PodRef>;
  readonly requests: Requests;
  /** The plan's problems that remain, and those that EC2's answers and other nodes' pods added. */
  readonly problems: readonly Problem[];
  readonly released: readonly Placement[];
  /** What EC2 must no longer show before the message is done. */
  readonly toConfirm: readonly Placement[];
  /** To be released, not shown by the read, and not on its ENI now. */
  readonly unseenAbsent: readonly Placement[];
  /** To be released, and on its ENI in no read so far: EC2 must not show it once its view has settled. */
  readonly unconfirmed: readonly Placement[];
  /** Whether a call may have unassigned something: a read may still show as kept what it took. */
  readonly releaseSent: boolean;
  /** Nodes from whose ENIs a take-over unassigned. */
  readonly unassignedFrom: ReadonlySet<string>;
  /** Those of the failures that are because of one ENI, and its id. */
  readonly eniErrors: ReadonlyMap<unknown, string>;
  /** A call failed, so it is not known what became of these: the pods that wait cannot be told yet. */
  readonly open: readonly Assignment[];
  /** The uids of pods that are told with a later try, unless another pod has an address of theirs. */
  readonly untold?: ReadonlySet<string>;
  /**
   * The errors of calls that failed, for which the message is tried again: StalePodsError,
   * UnsettledError, and what EC2 and the API server throw. What a new read alone mends comes last.
   */
  readonly failures: readonly unknown[];
}

/**
 * Does what was decided: one EC2 call per ENI, direction and family, all ENIs side by side. What
 * fits an ENI as it is waits for no release; on an ENI that must first be emptied, or gets what
 * leaves another one, releases come first. What fails costs itself and what needs its room.
 *
 * @returns once no call is under way any more, also where calls failed.
 */
export async function apply(
  access: ClusterAccess,
  state: NodeState,
  plan: Plan,
  { assignKept, lookFirst, letGo, restricted, signal }: ApplyOptions,
): Promise<Applied> {
  const journal = newJournal();
  let followed = plan;
  const isAllowed = async (): Promise<boolean> => {
    const instead = await restricted?.();
    followed = instead ?? plan;
    return instead === undefined;
  };
  const calls = eniCalls(access, journal, signal);
  const releases = startReleases({ access, state, journal, calls }, plan, isAllowed);
  const kept = assignableAgain(plan, state, assignKept);
  const astray = new Map(
    state.enis
      .filter((eni) => isSeenElsewhere(access.ec2.inventory, eni))
      .map((eni) => [eni.id, eni]),
  );
  const lost = plan.keep.filter(({ eniId }) => astray.has(eniId));
  const serving = { access, state, journal, calls, lookFirst, letGo, signal };
  const enis = new Set(
    [...kept, ...lost, ...plan.move, ...plan.assign, ...plan.waiting].map(({ eniId }) => eniId),
  );
  await Promise.all([
    releases.ended,
    ...[...enis].map((eniId) =>
      attempt(journal, async () => {
        const eni = astray.get(eniId);
        if (eni !== undefined) assertAttached(access.ec2.inventory, eni, state.instanceId);
        await serveEni(serving, eniId, { kept, plan, followed: () => followed }, releases);
      }),
    ),
  ]);
  return appliedOf(access, state, journal, { kept, lost, followed });
}

/**
 * What the read shows as kept and is assigned again, as the read may be old (docs/design.md, rule 7). A
 * terminating pod acquires nothing.
 *
 * @param all otherwise only what its pod was not told of yet: another environment may have released it.
 */
export function assignableAgain(
  { keep }: Plan,
  { podObjects }: Pick<NodeState, 'podObjects'>,
  all: boolean,
): Assignment[] {
  const acquiring = keep.filter(({ claim, withinPrefix }) => !claim.terminating && !withinPrefix);
  if (all) return acquiring;
  const told = new Set(
    acquiring.flatMap(({ claim: { pod } }) => {
      const message = podObjects.get(pod.uid)?.condition?.message ?? '';
      return parseAssigned(message).map(({ address, eniId }) => `${pod.uid} ${address} ${eniId}`);
    }),
  );
  return acquiring.filter(
    ({ address, claim, eniId }) => !told.has(`${claim.pod.uid} ${address} ${eniId}`),
  );
}

/** What became of a plan of which nothing was done. */
export function nothingApplied({ problems }: Plan): Applied {
  return {
    assigned: [],
    takenOver: 0,
    takenFrom: new Map(),
    lostBy: new Map(),
    requests: noRequests(),
    problems,
    released: [],
    toConfirm: [],
    unseenAbsent: [],
    unconfirmed: [],
    releaseSent: false,
    unassignedFrom: new Set(),
    eniErrors: new Map(),
    open: [],
    failures: [],
  };
}

interface Serves {
  readonly kept: readonly Assignment[];
  readonly plan: Plan;
  /** The plan, or what is to be followed in its place, once that is known. */
  readonly followed: () => Plan;
}

async function serveEni(
  serving: Serving,
  eniId: string,
  serves: Serves,
  releases: Releases,
): Promise<void> {
  const { plan } = serves;
  const on = <A extends Assignment>(list: readonly A[]): A[] =>
    list.filter((assignment) => assignment.eniId === eniId);
  const work = { kept: on(serves.kept), wanted: on(plan.assign), waiting: on(plan.waiting) };
  const moves = on(plan.move);
  if (moves.length === 0 && !work.wanted.some(({ needsRoom }) => needsRoom)) {
    await serve(serving, work);
    await serveFull(serving, eniId, work, releases);
    return;
  }
  const [emptied, ...left] = await Promise.all(
    [eniId, ...moves.map(({ fromEniId }) => fromEniId)].map(releases.from),
  );
  if ([emptied, ...left].includes('forbidden')) {
    const { assign, waiting } = serves.followed();
    await serve(serving, { ...work, wanted: on(assign), waiting: on(waiting) });
    return;
  }
  const wanted = [...moves.filter((_, index) => left[index] === 'done'), ...work.wanted];
  const fitting = wanted.filter(({ needsRoom }) => !needsRoom);
  await serve(
    serving,
    emptied === 'done' ? { ...work, wanted } : { ...work, wanted: fitting, waiting: [] },
  );
}

/** An ENI may have more than the read showed. What found no room there is tried again after the releases. */
async function serveFull(
  serving: Serving,
  eniId: string,
  { wanted }: EniWork,
  releases: Releases,
): Promise<void> {
  const { problems } = serving.journal;
  const full = wanted.filter(
    ({ claim, address }) => problems.get(claimKey(claim.pod, address))?.kind === 'eni-full',
  );
  if (full.length === 0 || !releases.concern(eniId)) return;
  const ended = await releases.from(eniId);
  if (ended === 'forbidden') return;
  for (const { claim, address } of full) problems.delete(claimKey(claim.pod, address));
  if (ended === 'done') await serve(serving, { kept: [], wanted: full, waiting: [] });
}

interface Followed {
  readonly kept: readonly Assignment[];
  /** Shown as kept by an old read, on ENIs that are at another node. */
  readonly lost: readonly Assignment[];
  readonly followed: Plan;
}

function appliedOf(
  { cluster, telemetry }: ClusterAccess,
  { node }: NodeState,
  journal: Journal,
  { kept, lost, followed }: Followed,
): Applied {
  const { assigned, problems } = journal;
  const answered = new Set([...assigned.keys(), ...problems.keys()]);
  for (const { claim, address, eniId } of kept) {
    const key = claimKey(claim.pod, address);
    assigned.delete(key);
    const problem = problems.get(key);
    if (problem === undefined || !SAYS_NOT_WHERE.has(problem.kind)) continue;
    problems.delete(key);
    const subject = { cluster, node, eniId, address };
    telemetry.warn('EC2 refuses to assign again what it shows as assigned', subject, { problem });
  }
  const isAssigned = ({ claim, address }: Assignment) => assigned.has(claimKey(claim.pod, address));
  const isOpen = ({ claim, address }: Assignment) => !answered.has(claimKey(claim.pod, address));
  const stands = (problem: Problem) =>
    !('address' in problem && answered.has(claimKey(problem.pod, problem.address)));
  const { assign, move, waiting } = followed;
  return {
    assigned: [...move, ...assign, ...waiting].flatMap(withRivals).filter(isAssigned),
    takenOver: journal.takenFrom.size,
    takenFrom: journal.takenFrom,
    lostBy: journal.lostBy,
    requests: journal.requests,
    problems: [...followed.problems.filter(stands), ...problems.values()],
    released: journal.released,
    toConfirm: [...journal.released, ...journal.alreadyAbsent],
    unseenAbsent: journal.unseenAbsent,
    unconfirmed: journal.unconfirmed,
    releaseSent: journal.releaseSent,
    unassignedFrom: journal.unassignedFrom,
    eniErrors: journal.eniErrors,
    open: [...kept, ...lost, ...followed.move, ...followed.assign].filter(isOpen),
    failures: journal.failures.toSorted((a, b) => Number(isStale(a)) - Number(isStale(b))),
  };
}

/** The assignment, and one for each other pod that may get the address instead. */
function withRivals(assignment: Assignment): Assignment[] {
  const { address, rivals = [] } = assignment;
  return [
    assignment,
    ...rivals.flatMap((claim) =>
      claim.eniId === undefined ? [] : [{ address, eniId: claim.eniId, claim }],
    ),
  ];
}

/** The read shows the address on its ENI. A refusal of these kinds does not say that it is elsewhere. */
const SAYS_NOT_WHERE: ReadonlySet<Problem['kind']> = new Set(['refused', 'eni-full']);

function isStale(error: unknown): boolean {
  return error instanceof StalePodsError;
}
