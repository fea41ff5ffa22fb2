import Table from 'cli-table3';
import { type Figures, percentile } from './figures.ts';
import { figureOf, GOALS, type Goals, isMissed } from './goals.ts';
import { type ScenarioName, scenarioOf } from './scenarios/index.ts';

/** Of each scenario, the figures of each seed. */
export type Results = ReadonlyMap<ScenarioName, readonly Figures[]>;

const COLUMNS: readonly (readonly [name: keyof Goals, head: string, digits: number])[] = [
  ['assign', 'Assign', 0],
  ['unassign', 'Unassign', 0],
  ['refused', 'refused', 0],
  ['throttled', 'throttled', 0],
  ['throttledPercent', 'throttled %', 1],
  ['seconds', 's', 1],
  ['p50Ms', 'p50 ms', 0],
  ['p99Ms', 'p99 ms', 0],
  ['neighbourRefused', 'neighbour refused %', 1],
  ['lastCluster', 'last cluster ÷ median', 2],
];

/** A row per scenario: the median of the seeds, the worst of several, and the goal with ✗ where that misses it. */
export function tableOf(results: Results): string {
  const table = new Table({
    head: ['', ...COLUMNS.map(([, head]) => head)],
    style: { head: [], border: [], compact: true },
    colAligns: ['left', ...COLUMNS.map(() => 'right' as const)],
  });
  for (const [name, runs] of results) {
    const cells = COLUMNS.map(([figure, , digits]) => cell(runs, GOALS[name], figure, digits));
    table.push([`${name}: ${scenarioOf(name).title}`, ...cells]);
  }
  return table.toString();
}

function cell(runs: readonly Figures[], goals: Goals, name: keyof Goals, digits: number): string {
  const values = runs.map((figures) => figureOf(figures, name));
  const median = percentile(values, 0.5).toFixed(digits);
  const text = runs.length > 1 ? `${median}, ${Math.max(...values).toFixed(digits)}` : median;
  const most = goals[name];
  if (most === undefined) return text;
  const missed = runs.some((figures) => isMissed(figures, goals, name));
  return `${text} (≤ ${most}${missed ? ' ✗' : ''})`;
}

/** Whether every goal is reached with every seed. */
export function isWithin(results: Results): boolean {
  return [...results].every(([name, runs]) =>
    runs.every((figures) => COLUMNS.every(([figure]) => !isMissed(figures, GOALS[name], figure))),
  );
}
