/**
 * Puts one defect after the other into a copy of the product, and has the harness look for it:
 *   node test/faults/mutants/main.ts [part of a mutant's name]
 * A harness that finds none of them would prove nothing, and so would one that finds something
 * where there is no defect. What narrow tests are to find is left to those, which pass without it.
 */
import { spawnSync } from 'node:child_process';
import { cpSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import * as z from 'zod';
import { MUTANTS, type Mutant } from './patches.ts';

const ROOT = resolve(import.meta.dirname, '../../..');
/** All that the harness is made of. */
const COPIED = [
  'package.json',
  'vitest.config.ts',
  'shared',
  'functions',
  'forwarder',
  'ip-manager',
  'sandbox',
  'test',
];
const SCHEDULES = 1_500;

/** A copy of the product without a defect. */
function copyProduct(): string {
  const copy = mkdtempSync(join(tmpdir(), 'multus-eni-mutants-'));
  for (const path of COPIED) cpSync(join(ROOT, path), join(copy, path), { recursive: true });
  symlinkSync(join(ROOT, 'node_modules'), join(copy, 'node_modules'));
  return copy;
}

/** @throws where a patch no longer fits the product. */
function apply(copy: string, { name, patches }: Mutant): void {
  for (const { file, find, replace } of patches) {
    const path = join(copy, file);
    const text = readFileSync(path, 'utf8');
    if (text.split(find).length !== 2) {
      throw new Error(`mutant "${name}": this is not once in ${file}, so adapt it:\n${find}`);
    }
    writeFileSync(
      path,
      text.replace(find, () => replace),
    );
  }
}

/** @returns the first violation that the harness finds; `undefined` where it finds none. */
function findViolation(copy: string): string | undefined {
  const args = ['test/faults/main.ts', '--first-only', '--schedules', String(SCHEDULES)];
  const { status, signal, stdout, stderr, error } = spawnSync(process.execPath, args, {
    cwd: copy,
    encoding: 'utf8',
    maxBuffer: 2 ** 28,
  });
  if (error !== undefined) throw error;
  if (signal !== null) throw new Error(`the harness was ended by ${signal}`);
  const line = stdout.split('\n').find((each) => each.startsWith('VIOLATION'));
  if (status === 0) return undefined;
  // The undisturbed run of a workload may be the first that goes wrong.
  return line ?? stderr.split('\n').find((each) => each.startsWith('Error: ')) ?? stderr;
}

/** @returns the first of these tests that fails; `undefined` where all pass. */
function findFailure(copy: string, tests: readonly string[]): string | undefined {
  const vitest = join(ROOT, 'node_modules/vitest/vitest.mjs');
  const file = join(copy, 'report.json');
  const args = [vitest, 'run', '--bail=1', '--reporter=json', `--outputFile.json=${file}`];
  const run = spawnSync(process.execPath, [...args, ...tests], {
    cwd: copy,
    encoding: 'utf8',
    maxBuffer: 2 ** 28,
  });
  if (run.error !== undefined) throw run.error;
  const report = testReport.safeParse(JSON.parse(readFileSync(file, 'utf8')));
  if (!report.success) throw new Error(`${tests.join(' ')} could not be run: ${run.stderr}`);
  const all = report.data.testResults.flatMap(({ assertionResults }) => assertionResults);
  if (all.length === 0) throw new Error(`${tests.join(' ')}: no test was found`);
  return all.find(({ status }) => status === 'failed')?.fullName;
}

/** The part of Vitest's JSON report that is read. */
const testReport = z.object({
  testResults: z.array(
    z.object({
      assertionResults: z.array(z.object({ fullName: z.string(), status: z.string() })),
    }),
  ),
});

interface Tried {
  readonly violation: string | undefined;
  readonly seconds: number;
}

function tryOut(mutant: Mutant): Tried {
  const copy = copyProduct();
  try {
    apply(copy, mutant);
    const begun = performance.now();
    const { tests } = mutant;
    const violation = tests ? findFailure(copy, tests) : findViolation(copy);
    return { violation, seconds: Math.round((performance.now() - begun) / 1000) };
  } finally {
    rmSync(copy, { recursive: true });
  }
}

/** Whether nothing is found where there is no defect, by whatever the mutants are to be found by. */
function nothingWithout(mutants: readonly Mutant[]): boolean {
  const tests = [...new Set(mutants.flatMap((mutant) => mutant.tests ?? []))];
  const controls: Mutant[] = [
    ...(tests.length > 0 ? [{ name: 'none', patches: [], tests }] : []),
    ...(mutants.every((mutant) => mutant.tests) ? [] : [{ name: 'none', patches: [] }]),
  ];
  return controls.map(tryOut).every(({ violation, seconds }) => {
    const found = violation === undefined ? 'nothing is found' : `this is found: ${violation}`;
    console.log(`without any defect ${found} (${seconds} s)`);
    return violation === undefined;
  });
}

function main(): void {
  const wanted = MUTANTS.filter(({ name }) => name.includes(process.argv[2] ?? ''));
  if (!nothingWithout(wanted)) {
    process.exitCode = 1;
    return;
  }
  let caught = 0;
  for (const mutant of wanted) {
    const { violation, seconds } = tryOut(mutant);
    if (violation === undefined) {
      console.log(`NOT CAUGHT: ${mutant.name} (${seconds} s)`);
      continue;
    }
    caught += 1;
    console.log(`caught: ${mutant.name} (${seconds} s)\n  ${violation}`);
  }
  console.log(JSON.stringify({ mutants: wanted.length, caught }));
  if (caught < wanted.length) process.exitCode = 1;
}

main();
