/**
 * Puts one defect after the other into a copy of the product, and has the harness look for it:
 *   node test/faults/mutants/main.ts [--narrow | --harness] [part of a defect's name]
 * A harness that finds none of them would prove nothing, and so would one that finds something
 * where there is no defect. What narrow tests are to find is left to those, which pass without it:
 * `--narrow` tries only these, `--harness` the others.
 */
import { spawnSync } from 'node:child_process';
import { cpSync, mkdtempSync, readFileSync, rmSync, symlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import * as z from 'zod';
import { optionsOf } from '../../../scripts/options.ts';
import { DEFECTS } from './defects.ts';
import { type Defect, findTest, plant } from './plant.ts';

const ROOT = resolve(import.meta.dirname, '../../..');
/** Not part of the product, or not to be had twice. */
const LEFT_OUT = new Set(['.git', '.build', 'node_modules'].map((name) => join(ROOT, name)));
const SCHEDULES = 1_500;

/** A copy of the product without a defect. */
function copyProduct(): string {
  const copy = mkdtempSync(join(tmpdir(), 'multus-eni-mutants-'));
  cpSync(ROOT, copy, { recursive: true, filter: (path) => !LEFT_OUT.has(path) });
  symlinkSync(join(ROOT, 'node_modules'), join(copy, 'node_modules'));
  return copy;
}

/** @returns the first violation that the harness finds; `undefined` where it finds none. */
function findViolation(copy: string, only?: string): string | undefined {
  const sizes = ['--short', '--first-only', '--schedules', String(SCHEDULES)];
  if (only !== undefined) sizes.push('--only', only);
  const { status, signal, stdout, stderr, error } = spawnSync(
    process.execPath,
    ['test/faults/main.ts', ...sizes],
    { cwd: copy, encoding: 'utf8', maxBuffer: 2 ** 28 },
  );
  if (error !== undefined) throw error;
  if (signal !== null) throw new Error(`the harness was ended by ${signal}`);
  if (status === 0) return undefined;
  const line = stdout.split('\n').find((each) => each.startsWith('VIOLATION'));
  if (line === undefined) throw new Error(`the harness could not be run: ${stderr}`);
  return line;
}

/** @returns the first of these tests that fails; `undefined` where all pass. */
function findFailure(copy: string, tests: readonly string[]): string | undefined {
  const vitest = join(ROOT, 'node_modules/vitest/vitest.mjs');
  const file = join(copy, 'report.json');
  // A run that ends without a report is not to be judged by the one before.
  rmSync(file, { force: true });
  const args = [vitest, 'run', '--bail=1', '--reporter=json', `--outputFile.json=${file}`];
  const run = spawnSync(process.execPath, [...args, ...tests.map((end) => findTest(copy, end))], {
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

function tryOut(copy: string, { replaced, tests, only }: Omit<Defect, 'name'>): Tried {
  const undo: (() => void)[] = [];
  try {
    for (const each of replaced) undo.push(plant(copy, each));
    const begun = performance.now();
    const violation = tests ? findFailure(copy, tests) : findViolation(copy, only);
    return { violation, seconds: Math.round((performance.now() - begun) / 1000) };
  } finally {
    for (const takeBack of undo.toReversed()) takeBack();
  }
}

/** Whether nothing is found where there is no defect, by whatever the defects are to be found by. */
function nothingWithout(copy: string, defects: readonly Defect[]): boolean {
  const tests = [...new Set(defects.flatMap((defect) => defect.tests ?? []))];
  const controls: Omit<Defect, 'name'>[] = [
    ...(tests.length > 0 ? [{ replaced: [], tests }] : []),
    ...(defects.every((defect) => defect.tests) ? [] : [{ replaced: [] }]),
  ];
  return controls.every((control) => {
    const { violation, seconds } = tryOut(copy, control);
    const found = violation === undefined ? 'nothing is found' : `this is found: ${violation}`;
    console.log(`without any defect ${found} (${seconds} s)`);
    return violation === undefined;
  });
}

/** @returns how many were found. */
function tryAll(copy: string, defects: readonly Defect[]): number {
  let caught = 0;
  for (const defect of defects) {
    const { violation, seconds } = tryOut(copy, defect);
    if (violation === undefined) {
      console.log(`NOT CAUGHT: ${defect.name} (${seconds} s)`);
      continue;
    }
    caught += 1;
    console.log(`caught: ${defect.name} (${seconds} s)\n  ${violation}`);
  }
  return caught;
}

function main(): void {
  const begun = performance.now();
  const { values, positionals } = optionsOf(import.meta.url, {
    allowPositionals: true,
    options: { narrow: { type: 'boolean' }, harness: { type: 'boolean' } },
  });
  const wanted = DEFECTS.filter(
    ({ name, tests }) =>
      name.includes(positionals[0] ?? '') && !(tests ? values.harness : values.narrow),
  );
  const copy = copyProduct();
  try {
    const isSound = nothingWithout(copy, wanted);
    const caught = isSound ? tryAll(copy, wanted) : 0;
    const seconds = Math.round((performance.now() - begun) / 1000);
    console.log(JSON.stringify({ mutants: wanted.length, caught, seconds }));
    if (caught < wanted.length) process.exitCode = 1;
  } finally {
    rmSync(copy, { recursive: true });
  }
}

main();
