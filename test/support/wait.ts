import { expect } from 'vitest';

/** Longer than any wait that a test means; a test that waits so long has failed. */
const TIMEOUT_MS = 10_000;

/** An expectation that is looked at until it holds. */
export function eventually<T>(look: () => T) {
  return expect.poll(look, { interval: 10, timeout: TIMEOUT_MS });
}
