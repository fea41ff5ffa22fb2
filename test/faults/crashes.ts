import { BUCKETS, crash, sentBy, WHOLE, type When } from '../unit/conformance/crash.ts';

/** Runs of the conformance checks: all in one that empty no token bucket, and each that empties one. */
const PARTS = new Map([
  ['checks', WHOLE],
  ...BUCKETS.map((part) => [part.checks[0]?.id ?? '', part] as const),
]);

export const CRASHED: readonly string[] = [...PARTS.keys()];

export interface Crashes {
  readonly crashes: number;
  readonly violations: readonly string[];
}

/**
 * Ends the process of a run at each of its calls, and has the next run clean up.
 *
 * @param name one of CRASHED.
 * @param oneIn it is ended at one call in so many.
 */
export async function crashEverywhere(name: string, when: When, oneIn: number): Promise<Crashes> {
  const part = PARTS.get(name);
  if (part === undefined) throw new Error(`there is no run ${name} of the conformance checks`);
  const sent = await sentBy(part);
  const violations: string[] = [];
  let crashes = 0;
  for (let at = 1; at <= sent.length; at += oneIn) {
    const wrong = await crash(part, when, (_, nth) => nth === at);
    // How many calls outrun a bucket is not the same each time.
    if (wrong === undefined) break;
    crashes += 1;
    violations.push(...wrong.map((text) => `${when} call ${at}, ${sent[at - 1]?.action}: ${text}`));
  }
  return { crashes, violations };
}
