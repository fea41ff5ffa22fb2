import { spawnSync } from 'node:child_process';

/** What must hold of the code before its tests say anything; each is one command. */
const CHECKS: readonly { readonly name: string; readonly command: readonly string[] }[] = [
  { name: 'types', command: ['tsc', '-p', '.'] },
  { name: 'types of the page', command: ['tsc', '-p', 'console/page'] },
  { name: 'lint and format', command: ['biome', 'check', '--error-on-warnings'] },
  { name: 'unused code', command: ['knip'] },
  { name: 'dependencies', command: ['node', 'scripts/check-dependencies.ts'] },
  { name: 'sizes', command: ['node', 'scripts/check-sizes.ts'] },
];

export interface CheckResults {
  readonly passed: number;
  readonly failed: number;
}

/** Runs every check, also after one that failed. */
export function runChecks(): CheckResults {
  let failed = 0;
  for (const { name, command } of CHECKS) {
    const [program = '', ...args] = command;
    const startedAt = performance.now();
    const { status, error } = spawnSync(program, args, { stdio: 'inherit' });
    const passed = status === 0;
    if (!passed) failed += 1;
    const seconds = ((performance.now() - startedAt) / 1000).toFixed(1);
    console.log(`${passed ? 'ok' : 'FAILED'}: ${name} (${command.join(' ')}), ${seconds} s`);
    if (error !== undefined) console.error(`cannot start ${program}: ${error.message}`);
  }
  return { passed: CHECKS.length - failed, failed };
}
