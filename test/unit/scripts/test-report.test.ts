import { resolve } from 'node:path';
import { describe, expect, test } from 'vitest';
import { countsOf, countTests } from '../../../scripts/test-report.ts';

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
  expect(countTests(report, false)).toMatchObject({ passed: 2, failed: 1, skipped: [] });
});

test('what did not run is named', () => {
  const report = reportOf({
    tests: [
      ['a', 'passed'],
      ['b', 'skipped'],
      ['c', 'todo'],
    ],
  });
  expect(countTests(report, true)).toEqual({
    passed: 1,
    failed: 0,
    skipped: ['b', 'c'],
    failures: [],
  });
});

test('each failure is a line with file, name and the beginning of why', () => {
  const why = `\u001b[31mAssertionError\u001b[39m: expected 1\n  to be 2 ${'…'.repeat(1000)}`;
  const report = JSON.stringify({
    testResults: [
      {
        name: resolve('test/a.test.ts'),
        status: 'failed',
        assertionResults: [{ fullName: 'adds', status: 'failed', failureMessages: [why] }],
      },
      { name: resolve('test/b.test.ts'), status: 'failed', message: 'no', assertionResults: [] },
    ],
  });
  expect(countTests(report, false).failures).toEqual([
    expect.stringMatching(/^test\/a\.test\.ts: adds: AssertionError: expected 1 to be 2 …{565}$/),
    'test/b.test.ts: does not run: no',
  ]);
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
  expect(countTests(undefined, true)).toMatchObject({ passed: 0, failed: 1, skipped: [] });
});

describe('a run that counts itself on its last line', () => {
  test('is taken at its word, whatever stands behind it', () => {
    const output = 'one\n3 passed, 1 failed\n12 passed, 0 failed, 2 skipped; left out: nodes\n';
    expect(countsOf(output, true)).toEqual({ passed: 12, failed: 0 });
  });

  test('failed if it says so, or ends as one that failed', () => {
    expect(countsOf('12 passed, 2 failed\n', false)).toEqual({ passed: 12, failed: 2 });
    expect(countsOf('12 passed, 0 failed\n', false)).toEqual({ passed: 12, failed: 1 });
  });

  test('may say it as JSON', () => {
    const output = 'one\n{"points":40,"passed":12,"failed":2}\n';
    expect(countsOf(output, false)).toEqual({ passed: 12, failed: 2 });
  });

  test.for(['', 'killed\n', '12 passed, 0 failed\nkilled\n', '{"passed":12}\n', '{"passed":12,'])(
    'failed if that is %j',
    (output) => {
      expect(countsOf(output, true)).toEqual({ passed: 0, failed: 1 });
    },
  );
});
