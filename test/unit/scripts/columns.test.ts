import { describe, expect, test } from 'vitest';
import { outcomesOf } from '../../e2e/columns/report.ts';
import { outcomeTable } from '../../e2e/columns/table.ts';
import { columnNamed } from '../../support/columns.ts';

const TOO_LAX = 'moto is too lax';

/** A report of Vitest's `json` reporter: each test's title, status, and why it does not apply. */
function reportOf(...tests: readonly (readonly [string, string, string?])[]): string {
  const assertionResults = tests.map(([title, status, notApplicable]) => ({
    ancestorTitles: ['a pod'],
    title,
    status,
    meta: { notApplicable },
  }));
  return JSON.stringify({ testResults: [{ assertionResults }] });
}

/** The cells of a table's lines. */
function rowsOf(table: string): string[][] {
  return table
    .split('\n')
    .filter((line) => line.startsWith('│'))
    .map((line) => line.split('│').slice(1, -1))
    .map((cells) => cells.map((cell) => cell.trim()));
}

describe('the table of scenarios and columns', () => {
  const strict = outcomesOf(
    reportOf(['runs', 'passed'], ['moves', 'failed'], ['waits', 'pending'], ['shares', 'passed']),
  );
  const lax = outcomesOf(
    reportOf(['runs', 'passed'], ['moves', 'skipped', TOO_LAX], ['shares', 'skipped', TOO_LAX]),
  );
  const table = outcomeTable([
    { name: 'strict', outcomes: strict },
    { name: 'lax', outcomes: lax },
  ]);

  test('has a row for each scenario, and what became of it in each column', () => {
    expect(rowsOf(table)).toEqual([
      ['', 'strict', 'lax'],
      ['a pod'],
      ['runs', 'passed', 'passed'],
      ['moves', 'failed', 'not applicable (1)'],
      ['waits', 'skipped', 'not run'],
      ['shares', 'passed', 'not applicable (1)'],
    ]);
  });

  test('ends with each reason once', () => {
    expect(table.split('\n').at(-1)).toBe(`(1) ${TOO_LAX}`);
    expect(table.split(TOO_LAX)).toHaveLength(2);
  });
});

test('a column that is not there is refused with the names of those that are', async () => {
  await expect(columnNamed('moto')).rejects.toThrow(
    'COLUMN=moto: the columns are embedded, kube-apiserver, kube-apiserver+moto',
  );
});
