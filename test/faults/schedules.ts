import fc from 'fast-check';
import { churnProperty } from './harness/churn.ts';
import { addRaces, type Race } from './harness/races.ts';

/** What random schedules came to. */
export interface Scheduled {
  readonly schedules: number;
  readonly races: ReadonlyMap<Race, number>;
  /** The first one in which something did not hold, and how to see it again. */
  readonly failure?: string;
}

export interface ScheduledOptions {
  readonly schedules: number;
  readonly seed: number;
  /** fast-check's path to one schedule: only that one is run. */
  readonly path?: string;
  readonly trace?: (line: string) => void;
}

/** Runs random schedules until one goes wrong. */
export async function runSchedules(options: ScheduledOptions): Promise<Scheduled> {
  const { schedules: wanted, seed, path } = options;
  const races = new Map<Race, number>();
  let schedules = 0;
  const property = churnProperty((outcome) => {
    schedules += 1;
    addRaces(races, outcome.races);
  }, options.trace);
  const details = await fc.check(property, {
    seed,
    numRuns: wanted,
    // A shorter one would not be met again: its scheduler goes on where that of the longer one was.
    endOnFailure: true,
    ...(path === undefined ? {} : { path }),
  });
  if (!details.failed) return { schedules, races };
  const { counterexample, counterexamplePath, errorInstance } = details;
  const failure = [
    errorInstance instanceof Error ? errorInstance.message : String(errorInstance),
    `replay: node test/faults/replay.ts --seed ${details.seed} --path ${counterexamplePath}`,
    JSON.stringify(counterexample?.[0]),
  ].join('\n');
  return { schedules, races, failure };
}
