/**
 * `.ci/run`: the checks, then all tests, the short form of the fault harness, and the tests on real
 * parts. The last line counts all of it, as "N passed, N failed"; what was skipped is named before it.
 */
import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, readFileSync, rmSync } from 'node:fs';
import { dirname } from 'node:path';
import { runChecks } from './checks.ts';
import { type Counts, countsOf, countTests, type TestCounts } from './test-report.ts';

const REPORT = '.build/test-report.json';

/** A script that runs Vitest. */
function runTests(script: string): TestCounts {
  mkdirSync(dirname(REPORT), { recursive: true });
  rmSync(REPORT, { force: true });
  const reporters = ['--reporter=default', '--reporter=json', `--outputFile.json=${REPORT}`];
  const { status } = spawnSync('npm', ['run', script, '--', ...reporters], { stdio: 'inherit' });
  return countTests(readReport(), status === 0);
}

function readReport(): string | undefined {
  try {
    return readFileSync(REPORT, 'utf8');
  } catch {
    return undefined;
  }
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

const checks = runChecks();
const tests = [runTests('test'), runTests('test:tools')];
for (const { skipped } of tests) for (const name of skipped) console.log(`skipped: ${name}`);
const faults = await runCounted('test:faults', '--short');
const endToEnd = await runCounted('test:e2e');
const all = [checks, ...tests, faults, endToEnd];
const failed = all.reduce((sum, counts) => sum + counts.failed, 0);
const passed = all.reduce((sum, counts) => sum + counts.passed, 0);
console.log(`${passed} passed, ${failed} failed`);
process.exitCode = failed === 0 ? 0 : 1;
