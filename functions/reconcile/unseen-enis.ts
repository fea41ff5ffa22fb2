import type { Acted } from '../../shared/apply/act.ts';
import { MAX_PROBLEMS, parseProblems } from '../../shared/claims/condition-message.ts';
import { CodedError } from '../../shared/errors.ts';
import type { Problem } from '../../shared/plan/problem.ts';
import { problemOf } from '../../shared/plan/verdict.ts';
import type { NodeState } from '../../shared/state/node-state.ts';

/** EC2's read does not show the ENIs that the pods' interfaces are on. */
class EniNotSeenError extends CodedError {
  override readonly name = 'EniNotSeenError';
  readonly errorCode = 'eni-not-seen';
}

/** After this many receives, about 3 s, the pods are told. */
const RECEIVES = 3;

/**
 * Has the message tried again, if EC2 shows no ENI at the device of a pod's network: EC2's reads lag behind
 * an attachment (docs/design.md, schedule 42). The pod is told nothing meanwhile, unless another pod has an
 * address of it. A message that is retried hides the news of the node's other pods. So this ends after a few
 * receives, and nothing waits for a pod that was told once.
 *
 * @param receives how often the message was received.
 */
export function untilSeen(
  cluster: string,
  { node, podObjects }: NodeState,
  acted: Acted,
  receives: number,
): Acted {
  if (receives >= RECEIVES) return acted;
  const problems = acted.verdicts.flatMap((verdict) => problemOf(verdict) ?? []);
  const byPod = Map.groupBy(problems, ({ pod }) => pod.uid);
  const waiting = [...byPod].filter(([uid, ofPod]) => {
    // Of more problems a condition tells only the first ones.
    if (ofPod.length > MAX_PROBLEMS || !ofPod.some(isNotSeen)) return false;
    return !parseProblems(podObjects.get(uid)?.condition?.message ?? '').some(isNotSeen);
  });
  if (waiting.length === 0) return acted;
  const untold = new Set(waiting.map(([uid]) => uid));
  const missing = waiting.flatMap(([, ofPod]) => ofPod.flatMap(inWords));
  const failure = new EniNotSeenError(
    `cluster ${cluster}, node ${node}: EC2 shows no ENI for ${missing.slice(0, 3).join(', ')}`,
  );
  return { ...acted, failures: [...acted.failures, failure], untold };
}

function isNotSeen({ kind }: { readonly kind: string }): boolean {
  return kind === 'eni-not-seen';
}

function inWords(problem: Problem): string[] {
  if (problem.kind !== 'eni-not-seen') return [];
  const { address, device, pod } = problem;
  return [`${address} of pod ${pod.namespace}/${pod.name} at ${device}`];
}
