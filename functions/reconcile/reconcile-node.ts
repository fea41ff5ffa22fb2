import { type Applied, apply, assignableAgain, nothingApplied } from '../../shared/apply/apply.ts';
import { confirmReleased } from '../../shared/apply/confirm-released.ts';
import { StalePodsError } from '../../shared/apply/release.ts';
import { claimsOf } from '../../shared/claims/pod-claims.ts';
import type { Pod } from '../../shared/cluster/kubernetes.ts';
import type { Calls } from '../../shared/enis/call-budget.ts';
import { isThrottled } from '../../shared/enis/ec2-errors.ts';
import { CodedError } from '../../shared/errors.ts';
import { nodeMessage } from '../../shared/messages/build.ts';
import type { Plan } from '../../shared/plan/decision.ts';
import type { ClusterAccess } from '../../shared/state/cluster-access.ts';
import type { NodeState } from '../../shared/state/node-state.ts';
import { type Clock, sleep } from '../../shared/time/clock.ts';
import { type Turn as Admitted, LONGEST_WAIT_MS, NoBudgetError } from '../admission.ts';
import { advertiseRoom } from '../advertise-room.ts';
import { allowedNow, controlUnread } from './allowed.ts';
import { toldIfBroken } from './broken-enis.ts';
import { decide, isInConflict, isSoleNode, mayBeTaken, unassigns } from './decide.ts';
import { callsOf, expectedCalls } from './expected-calls.ts';
import { readAsked } from './read.ts';
import type { NodeRequest, ReconcileScope } from './scope.ts';
import { tellAddressChanges } from './tell/address-changes.ts';
import { tellDryRun } from './tell/dry-run.ts';
import { measureWait } from './tell/measure-wait.ts';
import { tell, tellOutsideEc2 } from './tell/tell.ts';
import { untilSeen } from './unseen-enis.ts';
import { tellWithheld, withheldOf } from './withhold.ts';

/** What became of a node's request. */
export type NodeResult =
  | { readonly kind: 'no-node' | 'no-instance' | 'outside-ec2' }
  | { readonly kind: 'reconciled'; readonly plan: Plan; readonly applied: Applied };

/** Each time that it is asked, the Node names another instance. */
class InstanceChangesError extends CodedError {
  override readonly name = 'InstanceChangesError';
  readonly errorCode = 'instance-changes';
}

/** A Node that registers anew is gone for a moment: its pods' news is tried again. */
class NodeMissingError extends CodedError {
  override readonly name = 'NodeMissingError';
  readonly errorCode = 'node-missing';
}

/** EC2 had no tokens for the node, and nothing of it was read. */
export class NotReadError extends NoBudgetError {
  constructor({ afterMs }: NoBudgetError) {
    super(afterMs);
  }
}

/** For so long after the news of its pods, a Node that is missing is waited for: ms. */
const REGISTERS_WITHIN_MS = 60_000;
/** How often a reconcile starts over on a state that changed under its hands, before the message is retried. */
const ATTEMPTS = 4;
/**
 * In a large cluster the list of all Nodes takes longer than a pod list is good for: what it said is
 * used by the turn that starts over, ms.
 */
const SOLE_GOOD_FOR_MS = 10_000;
/** EC2's view settles within moments: the longest pause of a read-back. */
const SETTLES_MS = 1_600;
/** The pause after a throttled call that has no budget, such as a read: ms. */
const PAUSE_MS = 500;

/** What became of one turn; all but `ended` start over. */
type Turn =
  | { readonly kind: 'ended'; readonly result: NodeResult }
  | { readonly kind: 'other-instance' }
  /** Its plan takes more calls than are reserved, and nothing was written. */
  | { readonly kind: 'unaffordable'; readonly calls: Calls }
  | { readonly kind: 'failed'; readonly failure: unknown; readonly releaseSent: boolean };

/**
 * Makes one node's ENIs equal to what its live pods claim, once EC2's call budget has room for it: it
 * waits before it reads, so that all that comes meanwhile is done by the same calls. Where what a
 * release rests on has changed meanwhile, where EC2 throttles, and where more calls are needed than
 * were expected, it waits for another turn and starts over.
 *
 * @throws whatever is worth a retry of the messages.
 */
export async function reconcileNode(
  scope: ReconcileScope,
  asked: NodeRequest,
  signal?: AbortSignal,
): Promise<NodeResult> {
  const { access, admission, memory } = scope;
  const isSole = kept(access.clock, SOLE_GOOD_FOR_MS, () => isSoleNode(access, asked.node, signal));
  let read = false;
  let request = asked;
  let calls = expectedCalls(asked, memory, access.clock.now());
  const until = access.clock.monotonic() + LONGEST_WAIT_MS;
  for (let attempt = 1; ; ) {
    const reserved = await admission
      .admit({ calls, since: asked.since, until }, signal)
      .catch((error: unknown) => {
        throw error instanceof NoBudgetError && !read ? new NotReadError(error) : error;
      });
    read = true;
    measureWait(access, reserved);
    const turn = await takeTurn({ ...scope, isSole }, request, reserved, signal).finally(
      reserved.end,
    );
    if (turn.kind === 'ended') return turn.result;
    if (turn.kind === 'unaffordable') {
      calls = turn.calls;
      continue;
    }
    if (turn.kind === 'failed') {
      const { failure, releaseSent } = turn;
      // The next read may still show as kept what has been released already.
      request = { ...request, assignKept: request.assignKept || releaseSent };
      if (isThrottled(failure)) {
        await sleep(access.clock, PAUSE_MS, signal);
        continue;
      }
      if (!(failure instanceof StalePodsError) || attempt === ATTEMPTS) throw failure;
    } else if (attempt === ATTEMPTS) {
      throw new InstanceChangesError(
        `cluster ${access.cluster}, node ${asked.node}: the Node keeps changing its instance`,
      );
    }
    attempt += 1;
  }
}

/**
 * Reads the ENIs, then the Node and its pods; decides; applies that; tells the pods; and confirms
 * that EC2 shows no longer what was released. Who has its addresses hears of it before the
 * confirmation, which may take seconds.
 */
async function takeTurn(
  given: ReconcileScope & { readonly isSole: () => Promise<boolean> },
  request: NodeRequest,
  reserved: Admitted,
  signal?: AbortSignal,
): Promise<Turn> {
  const { isSole, memory } = given;
  const [reading, allowed] = await Promise.all([
    readAsked(given, request, signal).catch(throttled),
    allowedNow(given, request.node),
  ]);
  const { access } = allowed;
  const scope = { ...given, access };
  if (reading.kind === 'failed') return reading;
  if (reading.kind === 'other-instance') return { kind: 'other-instance' };
  if (reading.kind !== 'state') {
    return ended(await endWithoutState(scope, request, reading.kind, signal));
  }
  const { state } = reading;
  warnOfOtherClusters(access, state);
  memory.managedEnis = state.enis.filter(({ managed }) => managed).length;

  const whole = decide(scope, request, state);
  const restricted = async (): Promise<Plan | undefined> =>
    (await isSole()) ? undefined : decide(scope, request, state, { unassigns: false });
  if (!access.policy.writes) return ended(await endDryRun(access, state, whole, restricted));
  const held = await withheldOf(scope, request, state, whole, signal);
  const decided =
    held === undefined
      ? whole
      : decide(scope, request, state, { ...access.policy, withheld: held.addresses });

  const assignKept = request.assignKept || decided.keep.some(memory.releases.contradicts);
  const calls = callsOf(decided, assignableAgain(decided, state, assignKept));
  if (!reserved.extend(calls)) return { kind: 'unaffordable', calls };
  await scope.held();
  const observed = { at: access.clock.now(), pods: unfinished(state) };
  const done = await apply(access, state, decided, {
    assignKept,
    lookFirst: (assignment) =>
      mayBeTaken(request, reserved, assignment) || isInConflict(state, assignment),
    letGo: request.letGo,
    restricted,
    signal,
  });
  reserved.end();
  const told = toldIfBroken(access, state, done, request.receives);
  const applied = untilSeen(access.cluster, state, told, request.receives);
  // Also where EC2 throttled in the middle: the next turn does not ask about these again.
  memory.releases.record({ ...observed, absent: applied.unseenAbsent });
  memory.releases.forget(applied.assigned);

  tellAddressChanges(access, state, applied, request);
  await tellNodes(scope, applied.unassignedFrom);
  if (held !== undefined) await tellWithheld(scope, state, held, signal);
  await tell(access, { state, plan: decided, applied, pods: request.pods }, signal);
  await advertiseRoom(access, state, decided, signal);

  const failure = applied.failures[0] ?? controlUnread(given, allowed, request, state, applied);
  if (failure !== undefined) return { kind: 'failed', failure, releaseSent: applied.releaseSent };
  const { toConfirm, unconfirmed } = applied;
  // A release whose answer says nothing of its effect: the next read must not be older (rule 7).
  if (done.failures.length > 0 && done.releaseSent) await sleep(access.clock, SETTLES_MS, signal);
  await confirmReleased(access, state, toConfirm, unconfirmed, signal);
  memory.releases.record({ ...observed, absent: [...toConfirm, ...unconfirmed] });
  memory.releases.forget([...decided.keep, ...decided.held]);
  return ended({ kind: 'reconciled', plan: decided, applied });
}

/** @throws the failure itself where it is none of throttling. */
function throttled(failure: unknown): Turn & { readonly kind: 'failed' } {
  if (isThrottled(failure)) return { kind: 'failed', failure, releaseSent: false };
  throw failure;
}

function ended(result: NodeResult): Turn {
  return { kind: 'ended', result };
}

/** Does a task, and gives what came of it for so long after it began: ms. */
function kept<T>(clock: Clock, goodForMs: number, task: () => Promise<T>): () => Promise<T> {
  let done: { readonly at: number; readonly answer: Promise<T> } | undefined;
  return () => {
    if (done === undefined || clock.now() - done.at > goodForMs) {
      done = { at: clock.now(), answer: task() };
    }
    return done.answer;
  };
}

/** The end where there is nothing to compare. */
async function endWithoutState(
  { access, held }: ReconcileScope,
  { node, since }: NodeRequest,
  kind: 'no-node' | 'no-instance' | 'outside-ec2',
  signal?: AbortSignal,
): Promise<NodeResult> {
  if (kind !== 'outside-ec2' && access.clock.now() - since < REGISTERS_WITHIN_MS) {
    const pods = await access.kubernetes.listPods({ node, signal });
    if (pods.some(acquires)) {
      throw new NodeMissingError(
        `cluster ${access.cluster}, node ${node}: no Node names its instance, and its pods claim addresses`,
      );
    }
  }
  if (kind === 'outside-ec2' && access.policy.writes) {
    await held();
    await tellOutsideEc2(access, node, signal);
  }
  return { kind };
}

/** Whether a pod claims addresses and may get some, whichever networks there are. */
function acquires(pod: Pod): boolean {
  const { claims = [], terminating } = claimsOf(pod, new Map()) ?? {};
  return claims.length > 0 && !terminating;
}

/** The end under the policy `dry-run`. */
async function endDryRun(
  access: ClusterAccess,
  { node }: NodeState,
  decided: Plan,
  restricted: () => Promise<Plan | undefined>,
): Promise<NodeResult> {
  const plan = (unassigns(decided) ? await restricted() : undefined) ?? decided;
  tellDryRun(access, node, plan);
  return { kind: 'reconciled', plan, applied: nothingApplied(plan) };
}

/** Whoever wrote the Node's `providerID` named an instance that is another cluster's. */
function warnOfOtherClusters({ cluster, telemetry }: ClusterAccess, { node, enis }: NodeState) {
  for (const { id: eniId, clusters, deviceIndex, ofOtherCluster } of enis) {
    if (!ofOtherCluster || deviceIndex === 0) continue;
    const text = 'an ENI is tagged for other clusters only: it is left alone';
    telemetry.warn(text, { cluster, node, eniId }, { clusters });
  }
}

function unfinished({ podObjects }: NodeState): ReadonlySet<string> {
  const pods = [...podObjects.values()].filter(({ finished }) => !finished);
  return new Set(pods.map(({ uid }) => uid));
}

/** Tells nodes that addresses were unassigned from their ENIs; whatever their reads show, they assign again. */
async function tellNodes(
  { access: { clock, cluster }, send }: ReconcileScope,
  nodes: ReadonlySet<string>,
): Promise<void> {
  await send([...nodes].map((node) => nodeMessage(cluster, node, 'moved', clock.now())));
}
