import { count, type Output } from '../output.ts';
import { labelled } from '../wrap.ts';
import { FAILURES } from './failures.ts';
import type { ProbeSeen, Row } from './seen.ts';

const WORDS = { ok: 'ok', failed: 'FAILED', skipped: 'skipped' } as const;

/** The table, then each failure with what it means and what to do. */
export function printRows({ network }: ProbeSeen, rows: readonly Row[], output: Output): void {
  for (const [where, those] of Map.groupBy(rows, placeOf)) {
    for (const line of labelled('', where, 0, 0)) output.line(line);
    for (const { check, result, text } of those) {
      const said = result === 'skipped' ? `because of: ${text}` : text;
      const tone = result === 'ok' ? 'good' : result === 'failed' ? 'bad' : undefined;
      const label = `${WORDS[result].padEnd(9)}${check}`;
      for (const line of labelled(label, said, 2, 22)) output.line(line, tone);
    }
    output.line('');
  }
  const failed = rows.filter(({ result }) => result === 'failed');
  for (const [code, those] of Map.groupBy(failed, (row) => row.code ?? 'not-tried')) {
    const { means, fix } = FAILURES[code];
    output.line(code, 'bad');
    for (const row of those) {
      for (const line of labelled('-', `${row.check}, ${placeOf(row)}: ${row.text}`, 2, 2)) {
        output.line(line);
      }
    }
    for (const line of labelled('why', means, 2, 5)) output.line(line);
    for (const line of labelled('fix', fix, 2, 5)) output.line(line);
    output.line('');
  }
  const tried = count(rows.length, 'check');
  if (failed.length === 0) output.line(`${network}: ${tried}, and nothing is wrong.`, 'good');
  else output.line(`${network}: ${tried}, of which ${failed.length} failed.`, 'bad');
}

function placeOf({ node, to }: Row): string {
  return to === undefined ? node : `${node} → ${to}`;
}
