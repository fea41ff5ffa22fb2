import type { Address } from '../../shared/address.ts';
import { parseProblems } from '../../shared/claims/condition-message.ts';
import type { Assignment, Plan } from '../../shared/plan/decision.ts';
import { plan } from '../../shared/plan/plan.ts';
import type { Policy } from '../../shared/plan/policy.ts';
import type { Problem } from '../../shared/plan/problem.ts';
import type { ClusterAccess } from '../../shared/state/cluster-access.ts';
import type { NodeState } from '../../shared/state/node-state.ts';
import { soleNodes } from '../../shared/state/sole-node.ts';
import type { Turn } from '../admission.ts';
import type { NodeRequest, ReconcileScope } from './scope.ts';

/**
 * The plan for this node, by the cluster's policy, and without what is known to be done already.
 */
export function decide(
  { access, memory: { releases } }: ReconcileScope,
  { named, pods }: NodeRequest,
  state: NodeState,
  { unassigns, withheld }: Allowed = access.policy,
): Plan {
  const decided = plan({ ...state, named: new Set(named.keys()), unassigns, withheld });
  const releaseUnseen = decided.releaseUnseen.filter((placement) => {
    const { address } = placement;
    const by = pods.filter(({ ips }) => ips.includes(address)).map(({ uid }) => uid);
    return !releases.covers(placement, { at: named.get(address) ?? 0, pods: by });
  });
  return { ...decided, releaseUnseen };
}

/** What a plan may do. */
interface Allowed extends Pick<Policy, 'unassigns'> {
  /** Not released for now. */
  readonly withheld?: ReadonlySet<Address>;
}

/** Whether a plan takes an address away from an ENI. */
export function unassigns({ move, release, releaseUnseen }: Plan): boolean {
  return move.length + release.length + releaseUnseen.length > 0;
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

/** What a pod is told where another has its address: EC2 would refuse it again. */
const HELD: ReadonlySet<string> = new Set<Problem['kind']>(['conflict', 'held-elsewhere']);

/**
 * Whether another may have the address. A message says so; or the node waited for calls that write, and
 * the message that would say so may still be in the queue. A node that waited for a read alone assigns at
 * once: a refusal then costs a call of which there are plenty, and a look another read.
 */
export function mayBeTaken(
  { contested, pods }: NodeRequest,
  { waitedForWrites }: Pick<Turn, 'waitedForWrites'>,
  { address, claim }: Assignment,
): boolean {
  const isAnnounced = pods.some(({ uid }) => uid === claim.pod.uid);
  return contested.has(address) || (waitedForWrites && !isAnnounced);
}

/** Whether the pod has been told that another has the address. */
export function isInConflict(state: NodeState, { address, claim }: Assignment): boolean {
  const message = state.podObjects.get(claim.pod.uid)?.condition?.message ?? '';
  return parseProblems(message).some((told) => told.address === address && HELD.has(told.kind));
}
