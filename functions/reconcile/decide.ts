import type { Wanted } from '../../shared/apply/answers.ts';
import { parseProblems } from '../../shared/claims/condition-message.ts';
import { type Allowed, plan } from '../../shared/plan/plan.ts';
import type { Problem } from '../../shared/plan/problem.ts';
import { type Decision, wanting } from '../../shared/plan/verdict.ts';
import type { ClusterAccess } from '../../shared/state/cluster-access.ts';
import type { NodeState } from '../../shared/state/node-state.ts';
import { soleNodes } from '../../shared/state/sole-node.ts';
import type { Turn } from '../admission.ts';
import type { NodeRequest } from './scope.ts';

/** What is decided for this node, by the cluster's policy. */
export function decide(
  { isOurs, policy }: ClusterAccess,
  state: NodeState,
  allowed: Pick<Allowed, 'unassigns' | 'withheld'> = policy,
): Decision {
  const { unassigns, withheld } = allowed;
  return plan(state, { unassigns, withheld, isOurs });
}

/** Whether a decision takes an address away from an ENI. */
export function unassigns({ verdicts }: Decision): boolean {
  return wanting(verdicts, 'release', 'move').length > 0;
}

/**
 * Whether the node's instance is its own. Asked before anything is unassigned: a second Node of the
 * instance knows pods that this one does not (docs/design.md, rule 3).
 *
 * @throws what the API server throws.
 */
export async function isSoleNode(
  { cluster, kubernetes, telemetry }: ClusterAccess,
  node: string,
  signal?: AbortSignal,
): Promise<boolean> {
  const nodes = await kubernetes.listNodes(signal);
  if (soleNodes(nodes).has(node)) return true;
  telemetry.warn(
    'another Node names the same instance: nothing is released. Delete the Node that is no more',
    { cluster, node },
  );
  return false;
}

/** What a pod is told if another has its address: EC2 would refuse it again. */
const HELD: ReadonlySet<string> = new Set<Problem['kind']>(['conflict', 'held-elsewhere']);

/**
 * Whether another may have the address. A message says so; or the node waited for calls that write, and
 * the message that would say so may still be in the queue. A node that waited for a read alone assigns at
 * once: a refusal then costs a call of which there are plenty, and a look another read.
 */
export function mayBeTaken(
  { lookFirst, pods }: NodeRequest,
  { waitedForWrites }: Pick<Turn, 'waitedForWrites'>,
  { claim }: Wanted,
): boolean {
  const isAnnounced = pods.some(({ uid }) => uid === claim.pod.uid);
  return lookFirst || (waitedForWrites && !isAnnounced);
}

/** Whether the pod has been told that another has the address. */
export function isInConflict(state: NodeState, { address, claim }: Wanted): boolean {
  const message = state.podObjects.get(claim.pod.uid)?.condition?.message ?? '';
  return parseProblems(message).some((told) => told.address === address && HELD.has(told.kind));
}
