import Table from 'cli-table3';
import type { Race } from './harness/races.ts';
import type { Cell } from './matrix.ts';

/** Workload × kind of fault: how many points, and how many of them went wrong. */
export function matrixText(cells: readonly Cell[]): string {
  const kinds = [...new Set(cells.map(({ kind }) => kind))];
  const table = new Table({ head: ['workload', ...kinds], style: { head: [], border: [] } });
  for (const [workload, row] of Map.groupBy(cells, (cell) => cell.workload)) {
    const columns = kinds.map((kind) => {
      const cell = row.find((each) => each.kind === kind);
      return cell === undefined ? '' : `${cell.points} / ${cell.failures.length}`;
    });
    table.push([workload, ...columns]);
  }
  const points = cells.reduce((sum, cell) => sum + cell.points, 0);
  const violations = cells.reduce((sum, cell) => sum + cell.failures.length, 0);
  return [
    'points / violations',
    table.toString(),
    `${points} points, ${violations} violations`,
  ].join('\n');
}

/** The unavoidable races that were met, each with how often. */
export function racesText(races: ReadonlyMap<Race, number>): string {
  if (races.size === 0) return 'unavoidable races: none';
  const counts = [...races].map(([race, count]) => `${race} ${count}`);
  return `unavoidable races, met and mended: ${counts.join(', ')}`;
}

export function total(races: ReadonlyMap<Race, number>): number {
  return [...races.values()].reduce((sum, count) => sum + count, 0);
}
