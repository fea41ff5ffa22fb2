import Table from 'cli-table3';
import type { ColumnOutcome, outcomesOf } from './report.ts';

export interface ColumnOutcomes {
  readonly name: string;
  readonly outcomes: ReturnType<typeof outcomesOf>;
}

/** Test × column, each passed, failed, or not applicable with its reason, in groups. */
export function outcomeTable(columns: readonly ColumnOutcomes[]): string {
  const reasons: string[] = [];
  const cell = (outcome: ColumnOutcome | undefined): string => {
    if (outcome === undefined) return 'not run';
    if (outcome.kind !== 'not applicable') return outcome.kind;
    const known = reasons.indexOf(outcome.reason);
    const number = known < 0 ? reasons.push(outcome.reason) : known + 1;
    return `not applicable (${number})`;
  };
  const table = new Table({
    head: ['', ...columns.map(({ name }) => name)],
    style: { head: [], border: [], compact: true },
  });
  for (const [group, titles] of titlesOf(columns)) {
    table.push([{ content: group, colSpan: columns.length + 1 }]);
    for (const title of titles) {
      const cells = columns.map(({ outcomes }) => cell(outcomes.get(group)?.get(title)));
      table.push([`  ${title}`, ...cells]);
    }
  }
  const notes = reasons.map((reason, index) => `(${index + 1}) ${reason}`);
  return [table.toString(), ...notes].join('\n');
}

/** All tests, by their groups, in the order in which the columns have them. */
function titlesOf(columns: readonly ColumnOutcomes[]): Map<string, Set<string>> {
  const all = new Map<string, Set<string>>();
  for (const { outcomes } of columns) {
    for (const [group, ofGroup] of outcomes) {
      const titles = all.get(group) ?? new Set();
      for (const title of ofGroup.keys()) titles.add(title);
      all.set(group, titles);
    }
  }
  return all;
}
