import type { Acted } from '../../shared/apply/act.ts';
import { CodedError } from '../../shared/errors.ts';
import { problemOf } from '../../shared/plan/verdict.ts';
import type { ClusterAccess } from '../../shared/state/cluster-access.ts';
import type { NodeState } from '../../shared/state/node-state.ts';
import { decide, unassigns } from './decide.ts';
import type { NodeRequest, ReconcileScope } from './scope.ts';

/** SSM was never read, and something waits for what may be released: the message is tried again. */
class ControlUnreadError extends CodedError {
  override readonly name = 'ControlUnreadError';
  readonly errorCode = 'control-unread';
}

/** What may be done in a cluster at this moment. */
export interface Allowed {
  /** With the policy that counts. */
  readonly access: ClusterAccess;
  /** Nobody knows whether releases are stopped: none is sent. */
  readonly isGuess: boolean;
}

/** What an operator allows at this moment; it is asked for beside the reads of the node. */
export async function allowedNow(
  { access, controls }: ReconcileScope,
  node: string,
): Promise<Allowed> {
  const { cluster, telemetry } = access;
  const policy = await controls.policyOf(cluster, access.policy);
  const isGuess = !controls.isKnown();
  const stage = controls.otherOwner(cluster);
  if (stage !== undefined) {
    telemetry.warn(
      'another stage serves the cluster: nothing is written',
      { cluster, node },
      { stage },
    );
    telemetry.metric('ClusterOfAnotherStage', cluster, 1);
  }
  return { access: { ...access, policy }, isGuess };
}

/** After this many receives, about 15 s, the message's news is left to the sweep. */
const RECEIVES = 5;

/**
 * @param configured with the configured policy.
 * @returns what to fail with if a release or a take-over waits, as none is sent on a guess: the message may be
 *   the only one that tells of it. `undefined` if nothing waits, or was waited for long enough.
 */
export function controlUnread(
  configured: ReconcileScope,
  { isGuess }: Pick<Allowed, 'isGuess'>,
  request: NodeRequest,
  state: NodeState,
  { verdicts }: Pick<Acted, 'verdicts'>,
): ControlUnreadError | undefined {
  const { cluster, policy } = configured.access;
  const { node, receives } = request;
  if (!isGuess || !policy.unassigns || receives >= RECEIVES) return undefined;
  const waits = verdicts
    .map(problemOf)
    .some((each) => each?.kind === 'held-elsewhere' && each.why === 'policy');
  if (!waits && !unassigns(decide(configured.access, state))) return undefined;
  return new ControlUnreadError(
    `cluster ${cluster}, node ${node}: SSM does not say what is stopped, so nothing is released yet`,
  );
}
