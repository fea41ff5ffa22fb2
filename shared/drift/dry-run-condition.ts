import { compareAddresses } from '../address.ts';
import { formatConditionMessage } from '../claims/condition-message.ts';
import { describeProblem, type Problem } from '../plan/problem.ts';
import { type Decision, type Placement, podOf, type Verdict, wanting } from '../plan/verdict.ts';
import { conditionOf, inOrder, type PodOutcome } from './condition.ts';

/** A message lists at most this many addresses and problems, and then how many more there are. */
const LONGEST = 20;

/**
 * What the pods are told under the policy `dry-run`: what would be done. A pod that was told True keeps its
 * condition, and with it its readiness (docs/design.md, "A dry run"). Pure.
 *
 * @param outcomes what would become of the pods.
 * @returns the outcomes with what they say; without the pods that are told nothing.
 */
export function dryRunOutcomes(
  outcomes: readonly PodOutcome[],
  { verdicts }: Pick<Decision, 'verdicts'>,
): PodOutcome[] {
  const wanted = Map.groupBy(wanting(verdicts, 'assign', 'move'), (each) => podOf(each)?.uid);
  return outcomes.flatMap((outcome) => {
    const { pod } = outcome;
    if (pod.condition?.status === 'True') return [];
    const assigned = wanted.get(pod.uid) ?? [];
    if (assigned.length === 0 && conditionOf(outcome) === undefined) return [];
    const instead = dryRunCondition(outcome, assigned);
    return [{ pod, placed: [], problems: [], instead }];
  });
}

function dryRunCondition({ placed, problems }: PodOutcome, assigned: readonly Verdict[]) {
  const would = [
    ...listOf('assign', assigned.flatMap(placementOf)),
    ...listOf('keep', placed),
    ...(problems.length === 0 ? [] : [`say ${few(inOrder(problems).map(textOf))}`]),
  ];
  const what = would.length === 0 ? 'have nothing to assign' : would.join(', and ');
  const detail = `the policy of the cluster is dry-run, so nothing is changed. It would ${what}. Set policy: sync, and deploy`;
  // One part that names no address by itself: nobody reads from it what the pod has, or was told.
  const message = formatConditionMessage([], [{ kind: 'dry-run', detail }]);
  return { status: 'False', reason: 'DryRun', message } as const;
}

function placementOf(verdict: Verdict): Placement[] {
  return 'eniId' in verdict ? [verdict] : [];
}

function listOf(verb: string, placements: readonly Placement[]): string[] {
  if (placements.length === 0) return [];
  const sorted = placements.toSorted((a, b) => compareAddresses(a.address, b.address));
  return [`${verb} ${few(sorted.map(({ address, eniId }) => `${address} on ${eniId}`))}`];
}

function textOf(problem: Problem): string {
  const subject = 'address' in problem ? `${problem.address} ` : '';
  return `${subject}${problem.kind} (${describeProblem(problem)})`;
}

function few(texts: readonly string[]): string {
  const more = texts.length - LONGEST;
  const shown = texts.slice(0, LONGEST).join(', ');
  return more > 0 ? `${shown} and ${more} more` : shown;
}
