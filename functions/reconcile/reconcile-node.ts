import { type Applied, apply, nothingApplied } from '../../shared/apply/apply.ts';
import { confirmReleased } from '../../shared/apply/confirm-released.ts';
import { StalePodsError } from '../../shared/apply/release.ts';
import { CodedError } from '../../shared/errors.ts';
import { nodeMessage } from '../../shared/messages/build.ts';
import type { Plan } from '../../shared/plan/decision.ts';
import type { ClusterAccess } from '../../shared/state/cluster-access.ts';
import type { NodeState } from '../../shared/state/node-state.ts';
import { decide, isInConflict, isSoleNode, unassigns } from './decide.ts';
import { readAsked } from './read.ts';
import type { NodeRequest, ReconcileScope } from './scope.ts';
import { tellAddressChanges } from './tell/address-changes.ts';
import { tellDryRun } from './tell/dry-run.ts';
import { tell, tellOutsideEc2 } from './tell/tell.ts';

/** What became of a node's request. */
export type NodeResult =
  | { readonly kind: 'no-node' | 'no-instance' | 'outside-ec2' }
  | { readonly kind: 'reconciled'; readonly plan: Plan; readonly applied: Applied };

/** Each time that it is asked, the Node names another instance. */
class InstanceChangesError extends CodedError {
  override readonly name = 'InstanceChangesError';
  readonly errorCode = 'instance-changes';
}

/** How often a reconcile starts over on a state that changed under its hands, before the message is retried. */
const ATTEMPTS = 4;

/**
 * Makes one node's ENIs equal to what its live pods claim. Reads the ENIs, then the Node and its
 * pods; decides; applies that; tells the pods; and confirms that EC2 shows no longer what was
 * released. Who has its addresses hears of it before the confirmation, which may take seconds.
 * Where what a release rests on has changed meanwhile, all starts over.
 *
 * @throws whatever is worth a retry of the messages.
 */
export async function reconcileNode(
  scope: ReconcileScope,
  asked: NodeRequest,
  signal?: AbortSignal,
): Promise<NodeResult> {
  const { access, memory } = scope;
  const isSole = once(() => isSoleNode(access, asked.node, signal));
  let request = asked;
  for (let attempt = 1; ; attempt += 1) {
    const reading = await readAsked(scope, request, signal);
    if (reading.kind === 'other-instance') {
      if (attempt < ATTEMPTS) continue;
      throw new InstanceChangesError(
        `cluster ${access.cluster}, node ${asked.node}: the Node keeps changing its instance`,
      );
    }
    if (reading.kind !== 'state') return endWithoutState(scope, asked.node, reading.kind, signal);
    const { state } = reading;

    const decided = decide(scope, request, state);
    const restricted = async (): Promise<Plan | undefined> =>
      (await isSole()) ? undefined : decide(scope, request, state, { unassigns: false });
    if (!access.policy.writes) return endDryRun(access, state, decided, restricted);

    await scope.held();
    const observed = { at: access.clock.now(), pods: unfinished(state) };
    const applied = await apply(access, state, decided, {
      assignKept: request.assignKept || decided.keep.some(memory.releases.contradicts),
      inConflict: (assignment) => isInConflict(state, assignment),
      letGo: request.letGo,
      restricted,
      signal,
    });
    // Also where EC2 throttled in the middle: the retry does not ask about these again.
    memory.releases.record({ ...observed, absent: applied.unseenAbsent });
    memory.releases.forget(applied.assigned);

    tellAddressChanges(access, state, applied, request.reasons);
    await tellNodes(scope, applied.unassignedFrom);
    await tell(access, { state, plan: decided, applied, pods: request.pods }, signal);

    const [failure] = applied.failures;
    if (failure === undefined) {
      await confirmReleased(access, state.node, state.instanceId, applied.toConfirm, signal);
      memory.releases.record({ ...observed, absent: applied.toConfirm });
      memory.releases.forget([...decided.keep, ...decided.held]);
      return { kind: 'reconciled', plan: decided, applied };
    }
    if (!(failure instanceof StalePodsError) || attempt === ATTEMPTS) throw failure;
    // The next read may still show as kept what has been released already.
    request = { ...request, assignKept: request.assignKept || applied.releaseSent };
  }
}

function once<T>(task: () => Promise<T>): () => Promise<T> {
  let done: Promise<T> | undefined;
  return () => {
    done ??= task();
    return done;
  };
}

/** The end where there is nothing to compare. */
async function endWithoutState(
  { access, held }: ReconcileScope,
  node: string,
  kind: 'no-node' | 'no-instance' | 'outside-ec2',
  signal?: AbortSignal,
): Promise<NodeResult> {
  if (kind === 'outside-ec2' && access.policy.writes) {
    await held();
    await tellOutsideEc2(access, node, signal);
  }
  return { kind };
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
