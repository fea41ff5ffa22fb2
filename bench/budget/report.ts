import Table from 'cli-table3';
import type { Figures } from './figures.ts';
import { GOALS, type Goal, judge } from './goals.ts';
import { type ScenarioName, scenarioOf } from './scenarios/index.ts';

/** Of each scenario, the figures of each seed. */
export type Results = ReadonlyMap<ScenarioName, readonly Figures[]>;

const COLUMNS: readonly (readonly [name: keyof Figures, head: string, digits: number])[] = [
  ['assign', 'Assign', 0],
  ['unassign', 'Unassign', 0],
  ['refused', 'refused', 0],
  ['throttled', 'throttled', 0],
  ['errors', 'ERROR lines', 0],
  ['seconds', 's', 1],
  ['p50Ms', 'p50 ms', 0],
  ['p99Ms', 'p99 ms', 0],
  ['neighbourRefused', 'neighbour refused %', 1],
  ['neighbourDelayMs', 'its longest delay ms', 0],
  ['neighbourLost', 'its lost calls', 0],
  ['lastCluster', 'last cluster ÷ median', 2],
];

/**
 * A row per scenario: the median of the seeds, the worst of several, and the goal, with ✗ if it is missed.
 */
export function tableOf(results: Results): string {
  const table = new Table({
    head: ['', ...COLUMNS.map(([, head]) => head)],
    style: { head: [], border: [], compact: true },
    colAligns: ['left', ...COLUMNS.map(() => 'right' as const)],
  });
  for (const [name, runs] of results) {
    const cells = COLUMNS.map(([figure, , digits]) =>
      cell(runs, figure, GOALS[name][figure], digits),
    );
    table.push([`${name}: ${scenarioOf(name).title}`, ...cells]);
  }
  return table.toString();
}

function cell(
  runs: readonly Figures[],
  name: keyof Figures,
  goal: Goal | undefined,
  digits: number,
): string {
  const { median, worst, missed } = judge(runs, name, goal);
  const text =
    runs.length > 1
      ? `${median.toFixed(digits)} (${worst.toFixed(digits)})`
      : median.toFixed(digits);
  if (goal === undefined) return text;
  const most = typeof goal === 'number' ? `${goal}` : `${goal[0]} (${goal[1]})`;
  return `${text} ≤ ${most}${missed ? ' ✗' : ''}`;
}

/** Whether every goal is reached, at the median and in the worst seed. */
export function isWithin(results: Results): boolean {
  return [...results].every(([name, runs]) =>
    COLUMNS.every(([figure]) => !judge(runs, figure, GOALS[name][figure]).missed),
  );
}
