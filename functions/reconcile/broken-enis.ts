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
  if (failures.length === 0 || !failures.every((failure) => eniErrors.has(failure))) return applied;
  const isTold = open.length > 0 && open.every((each) => isToldRefused(state, each));
  if (receives < RECEIVES && !isTold) return applied;
  const answers = new Map(failures.map((failure) => [eniErrors.get(failure), String(failure)]));
  for (const [eniId, answer] of answers) {
    const text = 'EC2 keeps failing for an ENI: its pods are told, and the sweep tries again';
    telemetry.warn(text, { cluster, node: state.node, eniId }, { answer });
  }
  const refused = open.map(({ address, claim: { pod }, eniId }) => {
    const answer =
      answers.get(eniId) ?? `what is to be done first fails on ${[...answers.keys()].join(', ')}`;
    return { pod, address, kind: 'refused', eniId, answer } as const;
  });
  return { ...applied, failures: [], open: [], problems: [...problems, ...refused] };
}

function isToldRefused(state: NodeState, { address, claim }: Assignment): boolean {
  const message = state.podObjects.get(claim.pod.uid)?.condition?.message ?? '';
  return parseProblems(message).some((told) => told.address === address && told.kind === 'refused');
}
