import { mkdirSync, readFileSync, rmSync } from 'node:fs';
import { dirname, relative } from 'node:path';
import { stripVTControlCharacters } from 'node:util';
import * as z from 'zod';

/** What is read of the report of Vitest's `json` reporter. */
const report = z.object({
  testResults: z.array(
    z.object({
      name: z.string(),
      status: z.string(),
      message: z.string().default(''),
      assertionResults: z.array(
        z.object({
          fullName: z.string(),
          status: z.string(),
          failureMessages: z.array(z.string()).default([]),
        }),
      ),
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
  /** A line for each that failed: its file, its name, and the beginning of why. */
  readonly failures: readonly string[];
}

/** Where one run of Vitest is to leave its report, and how it is told so. */
export interface ReportedRun {
  /** Vitest's own arguments for it. */
  readonly args: readonly string[];
  /** Reads the report once the run has ended. */
  counts(succeeded: boolean): TestCounts;
  /** The report itself; undefined if the run left none. */
  read(): string | undefined;
}

/** Begins a report at a path, where that of an earlier run is no longer. */
export function reportAt(path: string, reporter = 'default'): ReportedRun {
  mkdirSync(dirname(path), { recursive: true });
  rmSync(path, { force: true });
  const read = () => {
    try {
      return readFileSync(path, 'utf8');
    } catch {
      return undefined;
    }
  };
  return {
    args: [`--reporter=${reporter}`, '--reporter=json', `--outputFile.json=${path}`],
    counts: (succeeded) => countTests(read(), succeeded),
    read,
  };
}

/**
 * Counts the tests of a report. A file that failed without a failed test (it did
 * not load, or a hook threw) counts as one that failed, and so does a run that
 * failed with none (an unhandled error) or that left no report.
 */
export function countTests(json: string | undefined, succeeded: boolean): TestCounts {
  const files = json === undefined ? [] : report.parse(JSON.parse(json)).testResults;
  const tests = files.flatMap((file) => file.assertionResults);
  const failures = files.flatMap(failuresOf);
  if (json === undefined) failures.push('a run of tests left no report');
  else if (failures.length === 0 && !succeeded)
    failures.push('a run failed, but none of its tests');
  return {
    passed: tests.filter(({ status }) => status === 'passed').length,
    failed: failures.length,
    skipped: tests
      .filter(({ status }) => status !== 'passed' && status !== 'failed')
      .map(({ fullName }) => fullName),
    failures,
  };
}

function failuresOf(file: z.infer<typeof report>['testResults'][number]): string[] {
  const failed = file.assertionResults.filter(({ status }) => status === 'failed');
  if (failed.length === 0 && file.status === 'failed') {
    return [failureLine(file.name, 'does not run', file.message)];
  }
  return failed.map((test) =>
    failureLine(file.name, test.fullName, test.failureMessages.join(' | ')),
  );
}

/** One line, as what CI keeps of a long output is its end. */
function failureLine(path: string, name: string, why: string): string {
  const file = relative(process.cwd(), path);
  return `${file}: ${name}: ${stripVTControlCharacters(why).replaceAll(/\s+/g, ' ').slice(0, 600)}`;
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
