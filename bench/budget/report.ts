import Table from 'cli-table3';
import type { Figures } from './figures.ts';
import { figureOf, GOALS, type Goals, isMissed } from './goals.ts';
import { type ScenarioName, scenarioOf } from './scenarios/index.ts';

export type Results = ReadonlyMap<ScenarioName, Figures>;

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
];

/** A row per scenario; beside a figure its goal, and ✗ where it is missed. */
export function tableOf(results: Results): string {
  const table = new Table({
    head: ['', ...COLUMNS.map(([, head]) => head)],
    style: { head: [], border: [], compact: true },
    colAligns: ['left', ...COLUMNS.map(() => 'right' as const)],
  });
  for (const [name, figures] of results) {
    const cells = COLUMNS.map(([figure, , digits]) => cell(figures, GOALS[name], figure, digits));
    table.push([`${name}: ${scenarioOf(name).title}`, ...cells]);
  }
  return table.toString();
}

function cell(figures: Figures, goals: Goals, name: keyof Goals, digits: number): string {
  const text = figureOf(figures, name).toFixed(digits);
  const most = goals[name];
  if (most === undefined) return text;
  return `${text} (≤ ${most}${isMissed(figures, goals, name) ? ' ✗' : ''})`;
}

/** Whether every goal is reached. */
export function isWithin(results: Results): boolean {
  return [...results].every(([name, figures]) =>
    COLUMNS.every(([figure]) => !isMissed(figures, GOALS[name], figure)),
  );
}
