import { type Decision, problemsOf, type Verdict } from '../../../../shared/plan/verdict.ts';

/** A decision in lines, one for each verdict and problem, sorted: `assign 172.16.1.70 on eni-1 for p1`. */
export function linesOf(decided: Decision): string[] {
  return [
    ...decided.verdicts.flatMap(lineOf),
    ...problemsOf(decided).map((problem) => {
      const about = 'address' in problem ? `${problem.address} ` : '';
      const why = problem.kind === 'held-elsewhere' ? ` ${problem.why}` : '';
      const holder = problem.kind === 'conflict' ? ` with ${problem.holder.pod.name}` : '';
      return `problem ${about}${problem.kind}${why}${holder} for ${problem.pod.name}`;
    }),
    ...(decided.ignored > 0 ? [`ignored ${decided.ignored}`] : []),
  ].sort();
}

/** What waits or is refused is told as a problem. */
function lineOf(verdict: Verdict): string[] {
  if (verdict.want === 'refuse' || verdict.want === 'wait') return [];
  const at = `${verdict.want} ${verdict.address} on ${verdict.eniId}`;
  switch (verdict.want) {
    case 'release':
    case 'foreign':
      return [at];
    case 'keep': {
      const prefix = verdict.withinPrefix ? ' within a prefix' : '';
      return [`${at} for ${verdict.claim.pod.name}${prefix}${verdict.again ? ', again' : ''}`];
    }
    case 'move':
      return [`${at} from ${verdict.from} for ${verdict.claim.pod.name}`];
    default:
      return [`${at} for ${verdict.claim.pod.name}`];
  }
}
