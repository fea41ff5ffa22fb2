import { describe, expect, test } from 'vitest';
import { TARGETS } from './run.ts';

/** A few of them; `npm run test:faults` feeds 100,000 to each, and measures. */
const INPUTS = 200;
const SEED = 20_260_301;

describe('hostile input is read or refused, and leaves nothing behind', () => {
  test.each(TARGETS)('$name', async ({ feed }) => {
    expect(await feed(INPUTS, SEED), `seed ${SEED}`).toBeUndefined();
  });
});
