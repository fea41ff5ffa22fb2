import {
  formatProblem,
  parseAssigned,
  parseProblems,
} from '../../../shared/claims/condition-message.ts';
import type { EventToWrite, PodCondition, PodRef } from '../../../shared/cluster/kubernetes.ts';
import type { PodOutcome } from '../../../shared/drift/condition.ts';
import { describeProblem, type Problem } from '../../../shared/plan/problem.ts';

/** The Events for what the pod's condition did not say before: addresses assigned, addresses that could not be. */
export function eventsOf(outcome: PodOutcome, now: PodCondition): EventToWrite[] {
  const before = outcome.pod.condition?.message ?? '';
  const { namespace, name, uid } = outcome.pod;
  const regarding = { kind: 'Pod', namespace, name, uid } as const satisfies PodRef & {
    kind: 'Pod';
  };

  const had = new Set(parseAssigned(before).map(({ address, eniId }) => `${address} ${eniId}`));
  const assigned = outcome.placed.filter(({ address, eniId }) => !had.has(`${address} ${eniId}`));
  const isTold = toldBy(before);
  const failed = outcome.problems.filter((problem) => !isTold(problem));

  const events: EventToWrite[] = [];
  if (assigned.length > 0) {
    const list = assigned.map(
      ({ address, eniId, claim }) =>
        `${address} to ${eniId}${claim.interface ? ` (${claim.interface})` : ''}`,
    );
    const message = `assigned ${list.join(', ')}`;
    events.push({ regarding, type: 'Normal', reason: 'IPsAssigned', message });
  }
  if (now.status !== 'False') return events;
  const [notAttached, others] = [true, false].map((missed) =>
    failed.filter(({ kind }) => (kind === 'not-attached') === missed).map(lineOf),
  );
  if (notAttached?.[0] !== undefined) {
    const message = notAttached.join('; ');
    events.push({ regarding, type: 'Warning', reason: 'NotAttached', message });
  }
  if (others?.[0] !== undefined) {
    const message = others.join('; ');
    events.push({ regarding, type: 'Warning', reason: 'IPAssignmentFailed', message });
  }
  return events;
}

/** A condition that changed for another reason does not tell the old problems again. */
function toldBy(before: string): (problem: Problem) => boolean {
  const told = new Set(parseProblems(before).map(({ address, kind }) => `${address} ${kind}`));
  return (problem) =>
    'address' in problem
      ? told.has(`${problem.address} ${problem.kind}`)
      : before.includes(formatProblem({ kind: problem.kind, detail: describeProblem(problem) }));
}

function lineOf(problem: Problem): string {
  return 'address' in problem
    ? `${problem.address}: ${describeProblem(problem)}`
    : describeProblem(problem);
}
