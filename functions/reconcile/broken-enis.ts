import type { Acted } from '../../shared/apply/act.ts';
import { parseProblems } from '../../shared/claims/condition-message.ts';
import { type Assignment, type Verdict, wanting } from '../../shared/plan/verdict.ts';
import type { ClusterAccess } from '../../shared/state/cluster-access.ts';
import type { NodeState } from '../../shared/state/node-state.ts';

/**
 * After this many receives, about 15 s, pods are told of an ENI that EC2 keeps failing. Then it no
 * longer holds up its node.
 */
const RECEIVES = 5;

/**
 * Turns the errors of an ENI into problems of the pods that wait for it, if nothing else failed and EC2
 * keeps failing there (docs/design.md, rule 5). Otherwise the retried message would hide the news of
 * the node's other pods. The next message or sweep tries again.
 *
 * @param receives how often the message was received.
 */
export function toldIfBroken(
  { cluster, telemetry }: ClusterAccess,
  state: NodeState,
  acted: Acted,
  receives: number,
): Acted {
  const { eniErrors, failures, verdicts } = acted;
  if (failures.length === 0 || !failures.every((failure) => eniErrors.has(failure))) return acted;
  const open = wanting(verdicts, 'keep', 'assign', 'move').filter(({ done }) => done === 'open');
  const isTold = open.length > 0 && open.every((each) => isToldRefused(state, each));
  if (receives < RECEIVES && !isTold) return acted;
  const answers = new Map(failures.map((failure) => [eniErrors.get(failure), String(failure)]));
  for (const [eniId, answer] of answers) {
    const text = 'EC2 keeps failing for an ENI: its pods are told, and the sweep tries again';
    telemetry.warn(text, { cluster, node: state.node, eniId }, { answer });
  }
  const refused = new Set<Verdict>(open);
  const told = verdicts.map((verdict): Verdict => {
    if (!refused.has(verdict) || !('claim' in verdict)) return verdict;
    const { address, claim, eniId } = verdict;
    const answer =
      answers.get(eniId) ?? `what is to be done first fails on ${[...answers.keys()].join(', ')}`;
    const problem = { pod: claim.pod, address, kind: 'refused', eniId, answer } as const;
    return { ...verdict, done: 'refused', problem };
  });
  return { ...acted, failures: [], verdicts: told };
}

function isToldRefused(state: NodeState, { address, claim }: Assignment): boolean {
  const message = state.podObjects.get(claim.pod.uid)?.condition?.message ?? '';
  return parseProblems(message).some((told) => told.address === address && told.kind === 'refused');
}
