/**
 * `npm run test:e2e`: gets the parts that are missing, then runs the end-to-end tests and, beside
 * them, the integration scenarios on every column of parts; or those tests alone that its arguments
 * name as Vitest's would. What failed stands at the end,
 * as that is what CI keeps of a long output; the last line counts them, and says what was left out.
 */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { reportAt, type TestCounts } from '../../scripts/test-report.ts';
import { runColumns, type Scenarios } from './columns/run-columns.ts';
import { getParts } from './parts/get-parts.ts';

const NO_SCENARIOS: Scenarios = { passed: 0, failures: [], table: '' };

async function runTests(args: readonly string[]): Promise<TestCounts> {
  const report = reportAt('.build/e2e-report.json');
  const vitest = spawn(
    'vitest',
    ['run', '--config', 'vitest.e2e.config.ts', ...report.args, ...args],
    { stdio: 'inherit' },
  );
  const [status] = await once(vitest, 'exit');
  return report.counts(status === 0);
}

const parts = await getParts();
const args = process.argv.slice(2);
const [tests, scenarios] = await Promise.all([
  runTests(args),
  args.length === 0 ? runColumns() : NO_SCENARIOS,
]);
console.log(scenarios.table);
for (const name of tests.skipped) console.log(`skipped: ${name}`);
for (const name of [...tests.failures, ...scenarios.failures]) console.log(`failed: ${name}`);
// A part that could not be had fails the run even if no test asked for it.
const failed = tests.failed + scenarios.failures.length + (parts.complete ? 0 : 1);
const passed = tests.passed + scenarios.passed;
const leftOut = [
  ...(parts.noNodes.length > 0 ? ['the real nodes'] : []),
  ...(parts.noBrowser.length > 0 ? ['the map in a browser'] : []),
];
const without = leftOut.length > 0 ? `; left out: ${leftOut.join(', ')}` : '';
console.log(`${passed} passed, ${failed} failed, ${tests.skipped.length} skipped${without}`);
process.exitCode = failed === 0 ? 0 : 1;
