/**
 * Plays one run again, and tells all that happens in it:
 *   node test/faults/replay.ts '<workload>/<kind>/<point>'
 *   node test/faults/replay.ts --seed <seed> --path <path>
 * A workload alone is played undisturbed, and so is '<workload>/without sweeps'.
 */
import { optionsOf } from '../../scripts/options.ts';
import { run } from './harness/run.ts';
import { nothing } from './harness/schedules.ts';
import { kindsFor, WITHOUT_SWEEPS } from './matrix.ts';
import { runSchedules } from './schedules.ts';
import { WORKLOADS } from './workloads/index.ts';

async function replayPoint(text: string): Promise<readonly string[]> {
  const [name, kindName, point] = text.split('/');
  const make = WORKLOADS.find((each) => each().name === name);
  if (make === undefined) {
    const names = WORKLOADS.map((each) => each().name).join('; ');
    throw new Error(`there is no workload ${name}; there are: ${names}`);
  }
  const kind = kindsFor(make().name).find((each) => each.name === kindName);
  const trouble = kind === undefined ? nothing : kind.trouble(Number(point));
  const { violations } = await run(make(), trouble, {
    trace: (line) => console.log(line),
    strictly: kindName === WITHOUT_SWEEPS,
  });
  return violations;
}

async function replaySchedule(seed: number, path: string): Promise<readonly string[]> {
  const lines: string[] = [];
  const trace = (line: string) => void lines.push(line);
  const { failure } = await runSchedules({ schedules: 1, seed, path, trace });
  for (const line of lines) console.log(line);
  return failure === undefined ? [] : [failure];
}

const { values, positionals } = optionsOf(import.meta.url, {
  allowPositionals: true,
  options: { seed: { type: 'string' }, path: { type: 'string' } },
});
const violations =
  values.seed === undefined
    ? await replayPoint(positionals[0] ?? '')
    : await replaySchedule(Number(values.seed), values.path ?? '0');
for (const line of violations) console.log(`VIOLATION: ${line}`);
console.log(violations.length === 0 ? 'all holds' : `${violations.length} violations`);
