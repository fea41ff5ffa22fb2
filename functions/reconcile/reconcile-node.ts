import { type Acted, act } from '../../shared/apply/act.ts';
import { StaleLedgerError } from '../../shared/apply/confirm-ledgers.ts';
import { StalePodsError } from '../../shared/apply/release.ts';
import { claimsOf } from '../../shared/claims/pod-claims.ts';
import type { Pod } from '../../shared/cluster/kubernetes.ts';
import { isTold, outcomesOf } from '../../shared/drift/condition.ts';
import type { Calls } from '../../shared/enis/call-budget.ts';
import { isThrottled } from '../../shared/enis/ec2-errors.ts';
import { CodedError } from '../../shared/errors.ts';
import { nodeMessage } from '../../shared/messages/build.ts';
import { type Decision, wanting } from '../../shared/plan/verdict.ts';
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
  | ({ readonly kind: 'reconciled' } & Decision);

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

/** How long after the news of its pods a reconcile waits for a Node that is missing. */
const REGISTERS_WITHIN_MS = 60_000;
/** How often a reconcile starts over on a state that changed under its hands, before the message is retried. */
const ATTEMPTS = 4;
/**
 * How long one list of all Nodes may be used. In a large cluster it takes longer than a pod list stays
 * valid, so the next turn uses it again.
 */
const SOLE_GOOD_FOR_MS = 10_000;
/** How long until a ledger that could not be written is tried again. */
const UNWRITABLE_MS = 60_000;
/** How long a reconcile pauses after a throttled call that has no budget, such as a read. */
const PAUSE_MS = 500;

/** What became of one turn; all but `ended` start over. */
type Turn =
  | { readonly kind: 'ended'; readonly result: NodeResult }
  | { readonly kind: 'other-instance' }
  /** Its plan takes more calls than are reserved, and nothing was written. */
  | { readonly kind: 'unaffordable'; readonly calls: Calls }
  | { readonly kind: 'failed'; readonly failure: unknown };

/**
 * Makes one node's ENIs equal to what its live pods claim, once EC2's call budget has room for it. It
 * waits before it reads, so that the same calls do all that comes meanwhile. It waits for another turn
 * and starts over if what a release rests on has changed meanwhile, if EC2 throttles, or if it needs
 * more calls than expected.
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
    const turn = await takeTurn({ ...scope, isSole }, asked, reserved, signal).finally(
      reserved.end,
    );
    if (turn.kind === 'ended') return turn.result;
    if (turn.kind === 'unaffordable') {
      calls = turn.calls;
      continue;
    }
    if (turn.kind === 'failed') {
      const { failure } = turn;
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
 * Observes, decides, acts, reports, and confirms in the ledgers what EC2 has answered. Who has its addresses
 * hears of it before they are confirmed there.
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

  const whole = decide(access, state);
  const restricted = async (): Promise<Decision | undefined> =>
    (await isSole()) ? undefined : decide(access, state, { unassigns: false });
  if (!access.policy.writes) return ended(await endDryRun(scope, state, whole, restricted, signal));
  const held = await withheldOf(scope, request, state, wanting(whole.verdicts, 'release'), signal);
  const { unassigns } = access.policy;
  const decided =
    held === undefined ? whole : decide(access, state, { unassigns, withheld: held.addresses });

  const calls = callsOf(decided.verdicts);
  if (!reserved.extend(calls)) return { kind: 'unaffordable', calls };
  await scope.held();
  const done = await act(access, state, decided, {
    lookFirst: (wanted) => mayBeTaken(request, reserved, wanted) || isInConflict(state, wanted),
    restricted,
    signs: tellsOfPods(request) || tellsNew(state, decided),
    by: request.messageIds[0] ?? '',
    onRefused: (eniId) => memory.unwritable.set(eniId, access.clock.now() + UNWRITABLE_MS),
    signal,
  });
  reserved.end();
  const told = toldIfBroken(access, state, done, request.receives);
  const result = { ...decided, verdicts: told.verdicts };
  const acted = untilSeen(access.cluster, state, told, request.receives);

  tellAddressChanges(access, state, { ...result, untold: acted.untold }, request);
  await tellLosers(scope, acted);
  const [failure] = acted.failures;
  // Nothing may be told that rests on a ledger which others wrote meanwhile (rule L5).
  if (failure instanceof StaleLedgerError) return { kind: 'failed', failure };
  if (held !== undefined) await tellWithheld(scope, state, held, signal);
  await tell(access, { ...result, state, untold: acted.untold }, signal);
  await advertiseRoom(access, state, decided.verdicts, signal);
  const stale = await acted.ledger.after().then(
    () => undefined,
    (error: unknown) => error,
  );
  const failed = failure ?? stale ?? controlUnread(given, allowed, request, state, acted);
  if (failed !== undefined) return { kind: 'failed', failure: failed };
  return ended({ kind: 'reconciled', ...result });
}

/** Whether a pod is told something new for which EC2 is not asked. */
function tellsNew({ podObjects }: NodeState, decided: Decision): boolean {
  const asked = wanting(decided.verdicts, 'assign', 'move', 'wait');
  const waiting = new Set(asked.map(({ claim }) => claim.pod.uid));
  // What a pod has already is told with what it gets.
  const had = wanting(decided.verdicts, 'keep', 'hold');
  if (had.some(({ claim }) => waiting.has(claim.pod.uid))) return true;
  return outcomesOf(podObjects.values(), decided).some(
    (outcome) => !waiting.has(outcome.pod.uid) && !isTold(outcome),
  );
}

/** News of pods is told by what was read, so that the read has to be signed (rule L5). */
function tellsOfPods({ reasons }: Pick<NodeRequest, 'reasons'>): boolean {
  return reasons.some((reason) => reason !== 'resync' && reason !== 'sweep');
}

/** @throws the failure itself if it is none of throttling. */
function throttled(failure: unknown): Turn & { readonly kind: 'failed' } {
  if (isThrottled(failure)) return { kind: 'failed', failure };
  throw failure;
}

function ended(result: NodeResult): Turn {
  return { kind: 'ended', result };
}

/** Does a task, and gives its answer again until `goodForMs` after it began. */
function kept<T>(clock: Clock, goodForMs: number, task: () => Promise<T>): () => Promise<T> {
  let done: { readonly at: number; readonly answer: Promise<T> } | undefined;
  return () => {
    if (done === undefined || clock.now() - done.at > goodForMs) {
      done = { at: clock.now(), answer: task() };
    }
    return done.answer;
  };
}

/** The end if there is nothing to compare. */
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
  const { claims = [], terminating } = claimsOf(pod, { networks: new Map() }) ?? {};
  return claims.length > 0 && !terminating;
}

/** The end under the policy `dry-run`. */
async function endDryRun(
  scope: ReconcileScope,
  state: NodeState,
  decided: Decision,
  restricted: () => Promise<Decision | undefined>,
  signal?: AbortSignal,
): Promise<NodeResult> {
  const decision = (unassigns(decided) ? await restricted() : undefined) ?? decided;
  await tellDryRun(scope, { ...decision, state }, signal);
  return { kind: 'reconciled', ...decision };
}

/** Whoever wrote the Node's `providerID` named an instance that is another cluster's. */
function warnOfOtherClusters({ cluster, telemetry }: ClusterAccess, { node, enis }: NodeState) {
  for (const { id: eniId, clusters, deviceIndex, ofOtherCluster } of enis) {
    if (!ofOtherCluster || deviceIndex === 0) continue;
    const text = 'an ENI is tagged for other clusters only: it is left alone';
    telemetry.warn(text, { cluster, node, eniId }, { clusters });
  }
}

/**
 * Tells nodes that addresses were unassigned from their ENIs: their ledgers first, so that whatever their
 * reads show is assigned again (rule L14).
 */
async function tellLosers(
  { access: { clock, cluster, telemetry }, send }: ReconcileScope,
  { ledger, unassignedFrom }: Acted,
): Promise<void> {
  await ledger.mark().catch((error: unknown) => {
    telemetry.error(
      'what was taken over is still in the ledger of its old ENI',
      { cluster },
      error,
    );
  });
  await send([...unassignedFrom].map((node) => nodeMessage(cluster, node, 'moved', clock.now())));
}
