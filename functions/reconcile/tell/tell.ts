import { parseAssigned } from '../../../shared/claims/condition-message.ts';
import type { EventToWrite } from '../../../shared/cluster/kubernetes.ts';
import {
  conditionOf,
  isSame,
  outcomesOf,
  outcomesOutsideEc2,
  type PodOutcome,
} from '../../../shared/drift/condition.ts';
import { dryRunOutcomes } from '../../../shared/drift/dry-run-condition.ts';
import {
  type Decision,
  isPlaced,
  type Placement,
  type Verdict,
  wanting,
} from '../../../shared/plan/verdict.ts';
import type { ClusterAccess } from '../../../shared/state/cluster-access.ts';
import type { NodeState } from '../../../shared/state/node-state.ts';
import { inTurns } from '../../../shared/time/in-turns.ts';
import { writeEvents } from '../../write-events.ts';
import { eventsOf } from './pod-events.ts';
import { podRefusal } from './pod-refusal.ts';

/** What a reconcile found and did, to be told. */
export interface Feedback extends Omit<Decision, 'ignored'> {
  readonly state: NodeState;
  /** The uids of pods that are told with a later try, unless another pod has an address of theirs. */
  readonly untold?: ReadonlySet<string>;
}

/**
 * Tells each pod what became of its addresses: the condition, and Events for what is new. An
 * unchanged state writes nothing.
 *
 * @throws an Error if a condition cannot be written, because a pod may wait for it. First it writes all
 * others that can be written. One that the API server refuses for good is logged and counted, and so is
 * an Event that cannot be written.
 */
export async function tell(
  access: ClusterAccess,
  feedback: Feedback,
  signal?: AbortSignal,
): Promise<void> {
  const { state, untold, verdicts } = feedback;
  const outcomes = outcomesOf(state.podObjects.values(), feedback).filter(
    (outcome) => !untold?.has(outcome.pod.uid) || isTakenFrom(outcome, verdicts),
  );
  await tellAll(access, outcomes, releaseEvents(feedback), signal);
}

/**
 * Tells each pod what would become of its addresses under another policy: the condition, and no Event.
 *
 * @throws as `tell`.
 */
export async function tellWouldBe(
  access: ClusterAccess,
  { state, ...decision }: Feedback,
  signal?: AbortSignal,
): Promise<void> {
  const outcomes = dryRunOutcomes(outcomesOf(state.podObjects.values(), decision), decision);
  await tellAll(access, outcomes, [], signal);
}

/**
 * Tells the pods of a node outside EC2 that they have nothing to wait for.
 *
 * @throws as `tell`, and if the pods cannot be listed.
 */
export async function tellOutsideEc2(
  access: ClusterAccess,
  node: string,
  signal?: AbortSignal,
): Promise<void> {
  const pods = await access.kubernetes.listPods({ node, signal });
  await tellAll(access, outcomesOutsideEc2(pods), [], signal);
}

/** @param about the Events that tell of anything else than a pod's condition. */
async function tellAll(
  access: ClusterAccess,
  all: readonly PodOutcome[],
  about: readonly EventToWrite[],
  signal?: AbortSignal,
): Promise<void> {
  const events = [...about];
  const failures: unknown[] = [];
  const write = async (outcome: PodOutcome): Promise<void> => {
    try {
      events.push(...(await tellPod(access, outcome, signal)));
    } catch (error) {
      const refusal = podRefusal(error);
      if (refusal === 'for-good') return notTold(access, outcome, error);
      failures.push(error);
      if (refusal === undefined) throw error;
    }
  };
  const outcomes = Map.groupBy(all, loses);
  // Who lost an address is told first, also if this is cut short.
  for (const lost of [true, false]) {
    await inTurns(outcomes.get(lost) ?? [], write).catch(() => undefined);
  }
  signal?.throwIfAborted();
  // Write the Events even if a condition failed. The retry would not write them, because the conditions
  // that succeeded are no longer news.
  await writeEvents(access, events, signal);
  if (failures.length > 0) throw failures[0];
}

/** Writes one pod's condition if it says something else by now. @returns its Events. */
async function tellPod(
  { clock, kubernetes }: ClusterAccess,
  outcome: PodOutcome,
  signal?: AbortSignal,
): Promise<EventToWrite[]> {
  const condition = conditionOf(outcome);
  if (condition === undefined || isSame(condition, outcome.pod.condition)) return [];
  // The transition time moves only with the status (Kubernetes API conventions, "conditions").
  const turned = condition.status !== outcome.pod.condition?.status;
  const lastTransitionTime = turned ? clock.now() : undefined;
  await kubernetes.setPodCondition(outcome.pod, { ...condition, lastTransitionTime }, signal);
  return eventsOf(outcome, condition);
}

function notTold({ cluster, telemetry }: ClusterAccess, { pod }: PodOutcome, error: unknown): void {
  const { namespace, name, node } = pod;
  const subject = { cluster, node, pod: `${namespace}/${name}` };
  telemetry.error("the API server refuses a pod's condition", subject, error);
  telemetry.metric('PodsNotTold', cluster, 1);
}

/** Whether the pod was told that it has an address which it does not have any more. */
function loses({ pod, placed }: PodOutcome): boolean {
  const has = new Set(placed.map(({ address, eniId }) => `${address} ${eniId}`));
  const told = parseAssigned(pod.condition?.message ?? '');
  return told.some(({ address, eniId }) => !has.has(`${address} ${eniId}`));
}

/** Whether another pod gets an address that the pod was told to have: two conditions never name one. */
function isTakenFrom({ pod }: PodOutcome, verdicts: readonly Verdict[]): boolean {
  const placed = verdicts.filter(isPlaced);
  const taken = new Set(
    placed.flatMap(({ address, claim }) => (claim.pod.uid === pod.uid ? [] : [address])),
  );
  return parseAssigned(pod.condition?.message ?? '').some(({ address }) => taken.has(address));
}

/** `IPsReleased`: on the pod that the ledger names, or on the Node if it names none. */
function releaseEvents({ state, verdicts }: Feedback): EventToWrite[] {
  const node = { kind: 'Node', name: state.node, uid: state.nodeUid } as const;
  const released = wanting(verdicts, 'release').filter(({ done }) => done === 'yes');
  return [...Map.groupBy(released, ({ pod }) => pod?.uid).values()].map((placements) => {
    const owner = placements[0]?.pod;
    return {
      regarding: owner ? { kind: 'Pod', ...owner } : node,
      type: 'Normal',
      reason: 'IPsReleased',
      message: `released ${placements.map(text).join(', ')}`,
    };
  });
}

function text({ address, eniId }: Placement): string {
  return `${address} from ${eniId}`;
}
