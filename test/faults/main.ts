/**
 * Every point of every workload, every call of the conformance checks, random schedules, churn for long
 * and hostile input:
 *   node test/faults/main.ts [--short] [--seed 1] [--schedules 5000] [--inputs 40000] [--first-only]
 *     [--only <part of 'workload/kind', or of 'conformance/run/before'>]
 * `--short` strikes a sample of the points, and leaves out the long churn. `--first-only` ends
 * with the first violation, and leaves out churn and hostile input; `--only` leaves out all but these
 * points, each of which is struck. The last line is JSON.
 */
import { optionsOf } from '../../scripts/options.ts';
import { CRASHED } from './crashes.ts';
import { addRaces, type Race } from './harness/races.ts';
import type { Done, Job } from './jobs.ts';
import { type Cell, kindsFor } from './matrix.ts';
import { runJobs } from './pool.ts';
import { matrixText, racesText, total } from './report.ts';
import { WORKLOADS } from './workloads/index.ts';

interface Options {
  readonly seed: number;
  readonly schedules: number;
  readonly inputs: number;
  readonly short: boolean;
  readonly firstOnly: boolean;
  readonly only: string | undefined;
}

/** Of a seed each, so that they can be run beside each other. */
const ROUND = 100;
/** The short form strikes one point in so many. */
const SAMPLE = 12;

const WHOLE = { schedules: 5_000, inputs: 40_000 };
const SHORT = { schedules: 1_000, inputs: 2_000 };

const say = (text: string): void => console.log(text);

/** The longest jobs begin first. The other kinds take turns, so that a violation is found early. */
function jobsOf({ seed, schedules, inputs, short, firstOnly, only }: Options): Job[] {
  const random = Array.from({ length: Math.ceil(schedules / ROUND) }, (_, round): Job => {
    const count = Math.min(ROUND, schedules - round * ROUND);
    return { kind: 'schedules', seed: seed + round, schedules: count };
  });
  const cells = WORKLOADS.flatMap((make) => {
    const { name: workload } = make();
    return kindsFor(workload).map(({ name: fault }) => ({
      kind: 'cell' as const,
      workload,
      fault,
      oneIn: short && only === undefined ? SAMPLE : 1,
      firstOnly,
    }));
  });
  const crashes = CRASHED.flatMap((run) =>
    (['before', 'after'] as const).map((when) => ({
      kind: 'crashes' as const,
      ...{ run, when, oneIn: short && only === undefined ? SAMPLE : 1 },
    })),
  );
  if (only !== undefined) {
    return [
      ...cells.filter((job) => `${job.workload}/${job.fault}`.includes(only)),
      ...crashes.filter(({ run, when }) => `conformance/${run}/${when}`.includes(only)),
    ];
  }
  const turns: Job[] = inTurns<Job>(random, cells, crashes);
  if (firstOnly) return turns;
  const hostile: Job = { kind: 'hostile', seed, inputs };
  return [...(short ? [] : [{ kind: 'soak', seed } as const]), hostile, ...turns];
}

/** Both lists in one, each in its order and spread evenly over it. */
function inTurns<T>(...lists: readonly (readonly T[])[]): T[] {
  return lists
    .flatMap((list) => list.map((item, index) => ({ item, at: index / list.length })))
    .toSorted((a, b) => a.at - b.at)
    .map(({ item }) => item);
}

function readOptions(): Options {
  const { values } = optionsOf(import.meta.url, {
    options: {
      seed: { type: 'string', default: '1' },
      schedules: { type: 'string' },
      inputs: { type: 'string' },
      short: { type: 'boolean', default: false },
      'first-only': { type: 'boolean', default: false },
      only: { type: 'string' },
    },
  });
  const { seed, short, only, 'first-only': firstOnly } = values;
  const sizes = short ? SHORT : WHOLE;
  const schedules = Number(values.schedules ?? sizes.schedules);
  const inputs = Number(values.inputs ?? sizes.inputs);
  return { seed: Number(seed), schedules, inputs, short, firstOnly, only };
}

async function main(): Promise<void> {
  const options = readOptions();
  const begun = performance.now();
  const cells: Cell[] = [];
  const races = new Map<Race, number>();
  const result = {
    points: 0,
    schedules: 0,
    violations: 0,
    fuzzed: 0,
    crashes: 0,
    passed: 0,
    failed: 0,
  };
  const add = (done: Done): void => {
    say(done.what);
    if (done.cell) cells.push(done.cell);
    addRaces(races, done.races);
    result.points += done.cell?.points ?? 0;
    result.schedules += done.schedules;
    result.fuzzed += done.fuzzed;
    result.crashes += done.crashes ?? 0;
  };
  await runJobs(jobsOf(options), {
    say,
    onEnd(job, ended) {
      const violations = ended instanceof Error ? [ended.message] : ended.violations;
      if (ended instanceof Error) say(`${JSON.stringify(job)} cannot be done`);
      else add(ended);
      for (const violation of violations) say(`VIOLATION: ${violation}`);
      result.violations += violations.length;
      if (violations.length > 0) result.failed += 1;
      else result.passed += 1;
      return !(options.firstOnly && violations.length > 0);
    },
  });
  const tookMs = performance.now() - begun;
  say(matrixText(cells));
  say(racesText(races));
  const seconds = Math.round(tookMs / 1000);
  say(JSON.stringify({ ...result, unavoidable: total(races), seconds }));
  if (result.violations > 0) process.exitCode = 1;
}

await main();
