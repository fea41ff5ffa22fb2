import type { Applied } from '../../shared/apply/apply.ts';
import { parseProblems } from '../../shared/claims/condition-message.ts';
import type { Assignment } from '../../shared/plan/decision.ts';
import type { ClusterAccess } from '../../shared/state/cluster-access.ts';
import type { NodeState } from '../../shared/state/node-state.ts';

/** After so many receives an ENI that EC2 keeps failing is told, and no longer holds up its node: 15 s. */
const RECEIVES = 5;

/**
 * Turns the errors of an ENI into problems of the pods that wait for it, if nothing else failed and EC2
 * keeps failing there (docs/design.md, rule 5): a message that is retried hides the news of the node's
 * other pods. The next message or sweep tries again.
 *
 * @param receives how often the message was received.
 */
export function toldIfBroken(
  { cluster, telemetry }: ClusterAccess,
  state: NodeState,
  applied: Applied,
  receives: number,
): Applied {
  const { eniErrors, failures, open, problems } = applied;
  const errors: ReadonlySet<unknown> = new Set(eniErrors.values());
  if (failures.length === 0 || !failures.every((failure) => errors.has(failure))) return applied;
  const isTold = open.length > 0 && open.every((each) => isToldRefused(state, each));
  if (receives < RECEIVES && !isTold) return applied;
  for (const [eniId, { message }] of eniErrors) {
    const text = 'EC2 keeps failing for an ENI: its pods are told, and the sweep tries again';
    telemetry.warn(text, { cluster, node: state.node, eniId }, { answer: message });
  }
  const refused = open.map(({ address, claim: { pod }, eniId }) => {
    const { name, message } = eniErrors.get(eniId) ?? { name: 'Error', message: '' };
    return { pod, address, kind: 'refused', eniId, answer: `${name}: ${message}` } as const;
  });
  return { ...applied, failures: [], open: [], problems: [...problems, ...refused] };
}

function isToldRefused(state: NodeState, { address, claim }: Assignment): boolean {
  const message = state.podObjects.get(claim.pod.uid)?.condition?.message ?? '';
  return parseProblems(message).some((told) => told.address === address && told.kind === 'refused');
}
