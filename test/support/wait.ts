import { expect } from 'vitest';

/** Longer than any wait that a test means; a test that waits so long has failed. */
const TIMEOUT_MS = 10_000;

/** If every look is a request to a real API server, it has better things to do. */
const INTERVAL_MS = (process.env.COLUMN ?? 'embedded') === 'embedded' ? 10 : 50;

/** An expectation that is looked at until it holds. */
export function eventually<T>(look: () => T) {
  return expect.poll(look, { interval: INTERVAL_MS, timeout: TIMEOUT_MS });
}
