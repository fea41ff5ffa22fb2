import { describe, expect, test } from 'vitest';
import { LARGE } from './large.ts';
import { runFuzz, TARGETS } from './run.ts';

/** A few of them; `npm run test:faults` feeds 100,000 to each, and measures. */
const INPUTS = 200;
const SEED = 20_260_301;

describe('hostile input is read or refused, and leaves nothing behind', () => {
  test.each(TARGETS)('$name', async ({ feed }) => {
    expect(await feed(INPUTS, SEED), `seed ${SEED}`).toBeUndefined();
  });
});

test('a run says how much it fed, and to what', async () => {
  const progress: string[] = [];
  const run = await runFuzz({
    inputs: 1,
    seed: SEED,
    measured: false,
    onProgress: (target, fed) => progress.push(`${target} ${fed}`),
  });
  expect(run).toEqual({ fuzzed: TARGETS.length + LARGE.length, violations: [] });
  expect(progress).toEqual([...TARGETS, ...LARGE].map(({ name }) => `${name} 1`));
});
