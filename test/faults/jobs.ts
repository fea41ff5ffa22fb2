import { runFuzz } from '../fuzz/run.ts';
import { crashEverywhere } from './crashes.ts';
import type { Race } from './harness/races.ts';
import type { RunOutcome } from './harness/run.ts';
import { type Cell, calmRun, kindsFor, strike } from './matrix.ts';
import { runSchedules } from './schedules.ts';
import { soak } from './soak.ts';
import { type MakeWorkload, WORKLOADS } from './workloads/index.ts';

/** A part of the run that needs no other. */
export type Job =
  | { readonly kind: 'schedules'; readonly seed: number; readonly schedules: number }
  | {
      readonly kind: 'cell';
      readonly workload: string;
      readonly fault: string;
      /** One point in so many is struck. */
      readonly oneIn: number;
      /** No further points after one that failed. */
      readonly firstOnly: boolean;
    }
  | {
      readonly kind: 'crashes';
      /** One of CRASHED. */
      readonly run: string;
      readonly when: 'before' | 'after';
      readonly oneIn: number;
    }
  | { readonly kind: 'soak'; readonly seed: number }
  | { readonly kind: 'hostile'; readonly seed: number; readonly inputs: number };

/** What a job came to. */
export interface Done {
  readonly what: string;
  readonly schedules: number;
  readonly fuzzed: number;
  /** Each with how to see it again. */
  readonly violations: readonly string[];
  readonly races: ReadonlyMap<Race, number>;
  readonly cell?: Cell;
  /** Processes of the conformance checks that were ended. */
  readonly crashes?: number;
}

type Say = (text: string) => void;

const NOTHING = { schedules: 0, fuzzed: 0, violations: [], races: new Map<Race, number>() };

/** @param say is told of progress. */
export function runJob(job: Job, say: Say): Promise<Done> {
  switch (job.kind) {
    case 'schedules':
      return runRandom(job);
    case 'cell':
      return runCell(job);
    case 'crashes':
      return runCrashes(job);
    case 'soak':
      return runSoak(job, say);
    case 'hostile':
      return runHostile(job, say);
  }
}

async function runRandom({ seed, schedules }: Job & { kind: 'schedules' }): Promise<Done> {
  const ran = await runSchedules({ schedules, seed });
  return {
    ...NOTHING,
    what: `${ran.schedules} random schedules of seed ${seed}`,
    schedules: ran.schedules,
    violations: ran.failure === undefined ? [] : [`in a random schedule: ${ran.failure}`],
    races: ran.races,
  };
}

/** The undisturbed run of each workload, which tells the points. */
const calmRuns = new Map<string, Promise<RunOutcome>>();

async function runCell({
  workload,
  fault,
  oneIn,
  firstOnly,
}: Job & { kind: 'cell' }): Promise<Done> {
  const make = workloadNamed(workload);
  const kinds = kindsFor(workload);
  const place = kinds.findIndex(({ name }) => name === fault);
  const kind = kinds[place];
  if (kind === undefined) throw new Error(`there is no kind of trouble ${fault}`);
  const calm = calmRuns.get(workload) ?? calmRun(make);
  calmRuns.set(workload, calm);
  // Not the same points for each kind.
  const sample = { oneIn, from: place };
  const cell = await strike(make, await calm, kind, { firstOnly, sample });
  return {
    ...NOTHING,
    what: `${cell.workload}, ${cell.kind}: ${cell.points} points, ${cell.failures.length} violations`,
    violations: cell.failures.map(
      ({ replay, violations: [first] }) =>
        `${first}\nreplay: node test/faults/replay.ts '${replay}'`,
    ),
    races: cell.races,
    cell,
  };
}

function workloadNamed(name: string): MakeWorkload {
  const make = WORKLOADS.find((each) => each().name === name);
  if (make === undefined) throw new Error(`there is no workload ${name}`);
  return make;
}

async function runCrashes({ run, when, oneIn }: Job & { kind: 'crashes' }): Promise<Done> {
  const { crashes, violations } = await crashEverywhere(run, when, oneIn);
  const name = `conformance/${run}/${when}`;
  return {
    ...NOTHING,
    what: `${name}: ended at ${crashes} calls, ${violations.length} violations`,
    crashes,
    violations: violations.map(
      (text) => `conformance, ended ${text}\nreplay: npm run test:faults -- --only '${name}'`,
    ),
  };
}

async function runSoak({ seed }: Job & { kind: 'soak' }, say: Say): Promise<Done> {
  const { violations, races } = await soak({ seed, say });
  return {
    ...NOTHING,
    what: `churn of seed ${seed}: ${violations.length} violations`,
    violations: violations.map(
      (text) => `in the churn: ${text}\nreplay: npm run test:faults -- --seed ${seed}`,
    ),
    races,
  };
}

async function runHostile({ seed, inputs }: Job & { kind: 'hostile' }, say: Say): Promise<Done> {
  const { fuzzed, violations } = await runFuzz({
    inputs,
    seed,
    onProgress: (target, fed) => {
      if (fed % 20_000 === 0) say(`hostile input for ${target}: ${fed}`);
    },
  });
  return {
    ...NOTHING,
    what: `${fuzzed} hostile inputs: ${violations.length} violations`,
    fuzzed,
    violations: violations.map((violation) => JSON.stringify(violation)),
  };
}
