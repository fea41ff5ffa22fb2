/**
 * `npm run test:e2e`: gets the parts that are missing, then runs the end-to-end tests and the
 * integration scenarios on every column of parts; or those tests alone that its arguments name as
 * Vitest's would. The last line counts them; what was left out is named before it.
 */
import { spawnSync } from 'node:child_process';
import { mkdirSync, readFileSync, rmSync } from 'node:fs';
import { dirname } from 'node:path';
import { countTests } from '../../scripts/test-report.ts';
import { runColumns } from './columns/run-columns.ts';
import { getParts } from './parts/get-parts.ts';

const REPORT = '.build/e2e-report.json';

function runTests(args: readonly string[]) {
  mkdirSync(dirname(REPORT), { recursive: true });
  rmSync(REPORT, { force: true });
  const reporters = ['--reporter=default', '--reporter=json', `--outputFile.json=${REPORT}`];
  const { status } = spawnSync(
    'vitest',
    ['run', '--config', 'vitest.e2e.config.ts', ...reporters, ...args],
    { stdio: 'inherit' },
  );
  return countTests(readReport(), status === 0);
}

function readReport(): string | undefined {
  try {
    return readFileSync(REPORT, 'utf8');
  } catch {
    return undefined;
  }
}

const parts = await getParts();
const args = process.argv.slice(2);
const tests = runTests(args);
const scenarios = args.length === 0 ? await runColumns() : { passed: 0, failed: 0 };
for (const name of tests.skipped) console.log(`skipped: ${name}`);
for (const { what } of parts.noNodes) console.log(`left out: ${what}`);
// A part that could not be had fails the run even where no test asked for it.
const failed = tests.failed + scenarios.failed + (parts.complete ? 0 : 1);
const passed = tests.passed + scenarios.passed;
console.log(`${passed} passed, ${failed} failed, ${tests.skipped.length} skipped`);
process.exitCode = failed === 0 ? 0 : 1;
