/**
 * `.ci/run`: the checks, then all tests. The last line counts both, as
 * "N passed, N failed"; what was skipped is named before it.
 */
import { spawnSync } from 'node:child_process';
import { mkdirSync, readFileSync, rmSync } from 'node:fs';
import { dirname } from 'node:path';
import { runChecks } from './checks.ts';
import { countTests, type TestCounts } from './test-report.ts';

const REPORT = '.build/test-report.json';

function runTests(): TestCounts {
  mkdirSync(dirname(REPORT), { recursive: true });
  rmSync(REPORT, { force: true });
  const { status } = spawnSync(
    'npm',
    ['test', '--', '--reporter=default', '--reporter=json', `--outputFile.json=${REPORT}`],
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

const checks = runChecks();
const tests = runTests();
for (const name of tests.skipped) console.log(`skipped: ${name}`);
const failed = checks.failed + tests.failed;
console.log(`${checks.passed + tests.passed} passed, ${failed} failed`);
process.exitCode = failed === 0 ? 0 : 1;
