import { setTimeout as sleep } from 'node:timers/promises';
import { inspect, isDeepStrictEqual } from 'node:util';

const POLL_MS = 10;
/** Far more than any step needs, for a machine that is busy. */
const PATIENCE_MS = 30_000;

/** A step did not come out as it must. */
class Unexpected extends Error {
  constructor(what: string, expected: unknown, actual: unknown) {
    super(`${what}\n  expected: ${show(expected)}\n  actual:   ${show(actual)}`);
    this.name = 'Unexpected';
  }
}

function show(value: unknown): string {
  return inspect(value, { depth: 5, breakLength: Number.POSITIVE_INFINITY, compact: true });
}

/** @throws Unexpected if the two are not deeply equal. */
export function check<T>(what: string, expected: T, actual: T): void {
  if (!isDeepStrictEqual(actual, expected)) throw new Unexpected(what, expected, actual);
}

/**
 * Reads until the answer is the expected one.
 *
 * @throws Unexpected after 30 seconds, with the last answer.
 */
export async function until<T>(
  what: string,
  expected: T,
  read: () => T | Promise<T>,
): Promise<void> {
  const deadline = performance.now() + PATIENCE_MS;
  for (;;) {
    const actual = await read();
    if (isDeepStrictEqual(actual, expected)) return;
    if (performance.now() > deadline) throw new Unexpected(what, expected, actual);
    await sleep(POLL_MS);
  }
}
