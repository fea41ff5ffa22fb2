/**
 * `.ci/run`: the checks, then all tests, the short form of the fault harness, and the tests on real
 * parts. The last line counts all of it, as "N passed, N failed"; what was skipped is named before it.
 */
import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { runChecks } from './checks.ts';
import { type Counts, countsOf, reportAt, type TestCounts } from './test-report.ts';

/** A script that runs Vitest, to its end: every failure counts. */
function runTests(script: string): TestCounts {
  const report = reportAt('.build/test-report.json');
  const { status } = spawnSync('npm', ['run', script, '--', '--bail=0', ...report.args], {
    stdio: 'inherit',
  });
  return report.counts(status === 0);
}

/** A script that counts itself, on its last line. */
async function runCounted(script: string, ...args: readonly string[]): Promise<Counts> {
  const npm = spawn('npm', ['run', script, '--', ...args], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  let output = '';
  npm.stdout.setEncoding('utf8').on('data', (chunk: string) => {
    process.stdout.write(chunk);
    output += chunk;
  });
  const [status] = await once(npm, 'close');
  return countsOf(output, status === 0);
}

const checks = await runChecks();
const tests = [runTests('test'), runTests('test:tools')];
for (const { skipped } of tests) for (const name of skipped) console.log(`skipped: ${name}`);
const faults = await runCounted('test:faults', '--short');
const endToEnd = await runCounted('test:e2e');
for (const { failures } of tests) for (const name of failures) console.log(`failed: ${name}`);
const all = [checks, ...tests, faults, endToEnd];
const failed = all.reduce((sum, counts) => sum + counts.failed, 0);
const passed = all.reduce((sum, counts) => sum + counts.passed, 0);
console.log(`${passed} passed, ${failed} failed`);
process.exitCode = failed === 0 ? 0 : 1;
