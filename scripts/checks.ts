import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { text } from 'node:stream/consumers';

interface Check {
  readonly name: string;
  readonly command: readonly string[];
}

/** What must hold of the code before its tests say anything; each is one command. The longest is first. */
const CHECKS: readonly Check[] = [
  { name: 'types', command: ['tsc', '-p', '.'] },
  { name: 'lint and format', command: ['biome', 'check', '--error-on-warnings'] },
  { name: 'dependencies', command: ['node', 'scripts/check-dependencies.ts'] },
  { name: 'unused code', command: ['knip'] },
  { name: 'types of the page', command: ['tsc', '-p', 'console/page'] },
  { name: 'sizes', command: ['node', 'scripts/check-sizes.ts'] },
];

export interface CheckResults {
  readonly passed: number;
  readonly failed: number;
}

/** Runs all checks side by side. Each prints when it ends, and a failure stops none of the others. */
export async function runChecks(checks: readonly Check[] = CHECKS): Promise<CheckResults> {
  const results = await Promise.all(checks.map(runCheck));
  const passed = results.filter(Boolean).length;
  return { passed, failed: checks.length - passed };
}

/** @returns whether the command ended with status 0. */
async function runCheck({ name, command }: Check): Promise<boolean> {
  const [program = '', ...args] = command;
  const startedAt = performance.now();
  const check = spawn(program, args, { stdio: ['ignore', 'pipe', 'pipe'] });
  const ended = once(check, 'close').then(
    ([status]) => ({ passed: status === 0, error: '' }),
    (error: unknown) => ({ passed: false, error: `cannot start ${program}: ${error}\n` }),
  );
  const output = await Promise.all([text(check.stdout), text(check.stderr)]);
  const { passed, error } = await ended;
  const seconds = ((performance.now() - startedAt) / 1000).toFixed(1);
  const verdict = `${passed ? 'ok' : 'FAILED'}: ${name} (${command.join(' ')}), ${seconds} s\n`;
  // One write, so that the lines of two checks do not mix.
  process.stdout.write([...output, error, verdict].join(''));
  return passed;
}
