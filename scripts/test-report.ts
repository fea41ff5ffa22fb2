import * as z from 'zod';

/** What is read of the report of Vitest's `json` reporter. */
const report = z.object({
  testResults: z.array(
    z.object({
      name: z.string(),
      status: z.string(),
      assertionResults: z.array(z.object({ fullName: z.string(), status: z.string() })),
    }),
  ),
});

export interface Counts {
  readonly passed: number;
  readonly failed: number;
}

export interface TestCounts extends Counts {
  /** The names of the tests that did not run. */
  readonly skipped: readonly string[];
}

/**
 * Counts the tests of a report. A file that failed without a failed test (it did
 * not load, or a hook threw) counts as one that failed, and so does a run that
 * failed with none (an unhandled error) or that left no report.
 */
export function countTests(json: string | undefined, succeeded: boolean): TestCounts {
  if (json === undefined) return { passed: 0, failed: 1, skipped: [] };
  const files = report.parse(JSON.parse(json)).testResults;
  const tests = files.flatMap((file) => file.assertionResults);
  const withStatus = (...statuses: string[]) =>
    tests.filter(({ status }) => statuses.includes(status));
  const brokenFiles = files.filter(
    (file) =>
      file.status === 'failed' && !file.assertionResults.some(({ status }) => status === 'failed'),
  );
  const failed = withStatus('failed').length + brokenFiles.length;
  return {
    passed: withStatus('passed').length,
    failed: failed === 0 && !succeeded ? 1 : failed,
    skipped: tests
      .filter(({ status }) => status !== 'passed' && status !== 'failed')
      .map(({ fullName }) => fullName),
  };
}

/** What the last line of a run of tests says where it is JSON. */
const said = z.object({ passed: z.int().min(0), failed: z.int().min(0) });

/**
 * Reads the counts off the last line of what a run of tests wrote: `N passed, N failed`, or JSON
 * with both. A run that failed and counts no failure, or that counts nothing, is one that failed.
 */
export function countsOf(output: string, succeeded: boolean): Counts {
  const counts = countsIn(output.trimEnd().split('\n').at(-1) ?? '');
  if (counts === undefined) return { passed: 0, failed: 1 };
  const { passed, failed } = counts;
  return { passed, failed: failed === 0 && !succeeded ? 1 : failed };
}

function countsIn(line: string): Counts | undefined {
  if (line.startsWith('{')) return said.safeParse(readJson(line)).data;
  const [, passed, failed] = /^(\d+) passed, (\d+) failed/.exec(line) ?? [];
  if (passed === undefined || failed === undefined) return undefined;
  return { passed: Number(passed), failed: Number(failed) };
}

function readJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
