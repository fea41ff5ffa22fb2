import { expect, test } from 'vitest';
import { countTests } from '../../scripts/test-report.ts';

interface File {
  readonly status?: string;
  readonly tests: readonly [name: string, status: string][];
}

function reportOf(...files: readonly File[]): string {
  return JSON.stringify({
    testResults: files.map(({ status = 'passed', tests }, index) => ({
      name: `test/${index}.test.ts`,
      status,
      assertionResults: tests.map(([fullName, each]) => ({ fullName, status: each })),
    })),
  });
}

test('passed and failed tests of all files are counted', () => {
  const report = reportOf(
    { tests: [['a', 'passed']] },
    {
      status: 'failed',
      tests: [
        ['b', 'failed'],
        ['c', 'passed'],
      ],
    },
  );
  expect(countTests(report, false)).toEqual({ passed: 2, failed: 1, skipped: [] });
});

test('what did not run is named', () => {
  const report = reportOf({
    tests: [
      ['a', 'passed'],
      ['b', 'skipped'],
      ['c', 'todo'],
    ],
  });
  expect(countTests(report, true)).toEqual({ passed: 1, failed: 0, skipped: ['b', 'c'] });
});

test('a file that does not load counts as failed', () => {
  const report = reportOf({ tests: [['a', 'passed']] }, { status: 'failed', tests: [] });
  expect(countTests(report, false)).toMatchObject({ passed: 1, failed: 1 });
});

test('a run that failed although every test passed counts as failed', () => {
  const report = reportOf({ tests: [['a', 'passed']] });
  expect(countTests(report, false)).toMatchObject({ passed: 1, failed: 1 });
});

test('a run that left no report counts as failed', () => {
  expect(countTests(undefined, true)).toEqual({ passed: 0, failed: 1, skipped: [] });
});
