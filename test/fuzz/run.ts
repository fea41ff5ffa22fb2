/**
 * `node test/fuzz/run.ts [--inputs 100000] [--seed 1]`: feeds hostile input to everything that
 * reads something from outside.
 */
import fc from 'fast-check';
import { optionsOf } from '../../scripts/options.ts';
import { LARGE } from './large.ts';
import { type FuzzTarget, fuzzTarget } from './target.ts';
import { ANNOTATIONS } from './targets/annotations.ts';
import { CONFIGURATION } from './targets/configuration.ts';
import { EC2 } from './targets/ec2.ts';
import { MESSAGES } from './targets/messages.ts';
import { NETWORKS } from './targets/networks.ts';
import { OBJECTS } from './targets/objects.ts';

export const TARGETS: readonly FuzzTarget[] = [
  ...ANNOTATIONS,
  ...NETWORKS,
  ...MESSAGES,
  ...OBJECTS,
  ...EC2,
  ...CONFIGURATION,
];

/** The same input each time, so a few times are enough. */
const LARGE_INPUTS = LARGE.map(({ name, make, read }) =>
  fuzzTarget({ name, inputs: fc.constant(make).map((text) => text()), read }),
);
const TIMES = 3;

/** What one input may take of CPU time on an idle machine, in milliseconds. */
const LIMIT_MS = 50;
/** Inputs between two words of progress. */
const ROUND = 1000;

export interface FuzzOptions {
  /** Per target. */
  readonly inputs: number;
  readonly seed: number;
  /** False: it is not measured how much CPU time an input takes. */
  readonly measured?: boolean;
  readonly onProgress?: (target: string, fed: number) => void;
}

export interface FuzzViolation {
  readonly target: string;
  /** With it and `inputs`, `runFuzz` finds the same again. */
  readonly seed: number;
  readonly inputs: number;
  readonly what: string;
}

/**
 * Feeds each target its inputs; one that fails is not fed any further.
 *
 * @returns how many inputs were fed, and what went wrong.
 */
export async function runFuzz({
  inputs,
  seed,
  measured = true,
  onProgress,
}: FuzzOptions): Promise<{ readonly fuzzed: number; readonly violations: FuzzViolation[] }> {
  const violations: FuzzViolation[] = [];
  let fuzzed = 0;
  const all = [
    ...TARGETS.map((target) => ({ target, wanted: inputs })),
    ...LARGE_INPUTS.map((target) => ({ target, wanted: Math.min(inputs, TIMES) })),
  ];
  for (const { target, wanted } of all) {
    for (let fed = 0; fed < wanted; fed += ROUND) {
      const round = { seed: seed + fed / ROUND, inputs: Math.min(ROUND, wanted - fed) };
      const what = await target.feed(round.inputs, round.seed, measured ? LIMIT_MS : undefined);
      fuzzed += round.inputs;
      onProgress?.(target.name, fed + round.inputs);
      if (what === undefined) continue;
      violations.push({ target: target.name, ...round, what });
      break;
    }
  }
  return { fuzzed, violations };
}

async function main(): Promise<void> {
  const { values } = optionsOf(import.meta.url, {
    options: { inputs: { type: 'string' }, seed: { type: 'string' } },
  });
  const inputs = Number(values.inputs ?? 100_000);
  const seed = Number(values.seed ?? Date.now() % 2 ** 31);
  console.log(`seed ${seed}, ${inputs} inputs for each of ${TARGETS.length} targets`);
  const { fuzzed, violations } = await runFuzz({
    inputs,
    seed,
    onProgress: (target, fed) => {
      if (fed % 10_000 === 0 || fed < ROUND) console.log(`${target}: ${fed}`);
    },
  });
  for (const violation of violations) console.log(JSON.stringify(violation));
  console.log(JSON.stringify({ fuzzed, violations: violations.length, seed }));
  if (violations.length > 0) process.exitCode = 1;
}

if (import.meta.main) await main();
