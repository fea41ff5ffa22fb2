/**
 * The extended run: every point of every workload, 10,000 random schedules, an hour of churn and
 * hostile input.
 *   node test/faults/main.ts [--seed 1] [--schedules 10000] [--inputs 100000] [--first-only]
 * `--first-only` ends with the first violation, and leaves out churn and hostile input.
 */
import { parseArgs } from 'node:util';
import { runFuzz } from '../fuzz/run.ts';
import type { Race } from './harness/races.ts';
import { type Cell, calmRun, kindsFor, strike } from './matrix.ts';
import { addRaces, matrixText, racesText, total } from './report.ts';
import { runSchedules } from './schedules.ts';
import { soak } from './soak.ts';
import { WORKLOADS } from './workloads/index.ts';

interface Options {
  readonly seed: number;
  readonly schedules: number;
  readonly inputs: number;
  readonly firstOnly: boolean;
}

interface Result {
  points: number;
  schedules: number;
  violations: number;
  fuzzed: number;
  readonly races: Map<Race, number>;
}

const say = (text: string): void => console.log(text);

async function runMatrix(result: Result, { firstOnly }: Options): Promise<void> {
  const cells: Cell[] = [];
  const begun = performance.now();
  for (const make of WORKLOADS) {
    const calm = await calmRun(make);
    for (const kind of kindsFor(make().name)) {
      const cell = await strike(make, calm, kind, {
        firstOnly,
        onFailure: ({ replay, violations }) =>
          say(`VIOLATION: ${violations[0]}\nreplay: node test/faults/replay.ts '${replay}'`),
      });
      cells.push(cell);
      result.points += cell.points;
      result.violations += cell.failures.length;
      addRaces(result.races, cell.races);
      say(
        `${cell.workload}, ${cell.kind}: ${cell.points} points, ${cell.failures.length} violations`,
      );
      if (firstOnly && result.violations > 0) return;
    }
  }
  say(matrixText(cells, performance.now() - begun));
}

async function runRandom(result: Result, { seed, schedules }: Options): Promise<void> {
  const ran = await runSchedules({
    schedules,
    seed,
    onProgress: (count) => say(`${count} random schedules of seed ${seed}`),
  });
  result.schedules = ran.schedules;
  addRaces(result.races, ran.races);
  if (ran.failure === undefined) return;
  result.violations += 1;
  say(`VIOLATION in a random schedule: ${ran.failure}`);
}

async function runSoak(result: Result, { seed }: Options): Promise<void> {
  const soaked = await soak({ seed, say });
  result.violations += soaked.violations.length;
  addRaces(result.races, soaked.races);
  for (const violation of soaked.violations) {
    say(`VIOLATION in the soak: ${violation} (replay: npm run test:faults -- --seed ${seed})`);
  }
}

async function runHostile(result: Result, { seed, inputs }: Options): Promise<void> {
  const { fuzzed, violations } = await runFuzz({
    inputs,
    seed,
    onProgress: (target, fed) => {
      if (fed % 20_000 === 0) say(`hostile input for ${target}: ${fed}`);
    },
  });
  result.fuzzed = fuzzed;
  result.violations += violations.length;
  for (const violation of violations) say(`VIOLATION: ${JSON.stringify(violation)}`);
}

async function main(): Promise<void> {
  const { values } = parseArgs({
    options: {
      seed: { type: 'string', default: '1' },
      schedules: { type: 'string', default: '10000' },
      inputs: { type: 'string', default: '100000' },
      'first-only': { type: 'boolean', default: false },
    },
  });
  const options: Options = {
    seed: Number(values.seed),
    schedules: Number(values.schedules),
    inputs: Number(values.inputs),
    firstOnly: values['first-only'],
  };
  const begun = performance.now();
  const result: Result = { points: 0, schedules: 0, violations: 0, fuzzed: 0, races: new Map() };
  // First what finds most in the shortest time.
  await runRandom(result, options);
  if (!(options.firstOnly && result.violations > 0)) await runMatrix(result, options);
  if (!options.firstOnly) {
    await runSoak(result, options);
    await runHostile(result, options);
  }
  say(racesText(result.races));
  const { points, schedules, violations, fuzzed, races } = result;
  const unavoidable = total(races);
  const seconds = Math.round((performance.now() - begun) / 1000);
  say(JSON.stringify({ points, schedules, violations, unavoidable, fuzzed, seconds }));
  if (result.violations > 0) process.exitCode = 1;
}

await main();
