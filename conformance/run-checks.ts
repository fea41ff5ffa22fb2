import { randomUUID } from 'node:crypto';
import { isThrottled } from '../shared/enis/ec2-errors.ts';
import type { Clock } from '../shared/time/clock.ts';
import type { Check, Result, Verdict } from './check.ts';
import { type CleanUp, cleanUp } from './clean-up.ts';
import { CHECKS } from './facts/index.ts';
import { LAB_CALLS, type Lab, readLab } from './lab.ts';
import { NotMadeError } from './not-made.ts';
import { ForbiddenCallError, type GuardedEc2, guardedEc2 } from './own-enis.ts';

export interface RunOptions {
  /** Two clients of EC2: one may send a call again, the other sends each once. */
  readonly clients: Pick<GuardedEc2, 'client' | 'once'>;
  readonly clock: Clock;
  readonly subnetId: string;
  readonly secondSubnetId?: string;
  /** All of them unless given. */
  readonly checks?: readonly Check[];
  /** Whether the token buckets may be emptied. */
  readonly drain: boolean;
  /** Aborted when the operator has had enough: then what was made is removed, and no more is made. */
  readonly signal?: AbortSignal;
  readonly onProgress?: (text: string) => void;
}

export interface Run {
  readonly results: readonly Result[];
  /** What earlier runs had left behind. */
  readonly before: CleanUp;
  /** What this run made. */
  readonly after: CleanUp;
  readonly calls: number;
}

const NOTHING: CleanUp = { removed: [], left: [] };

/** The calls that a run sends at most. */
export function mostCalls(drain: boolean): number {
  const made = CHECKS.filter(({ drains }) => drain || !drains);
  return made.reduce((sum, { calls }) => sum + calls, LAB_CALLS);
}

/**
 * Removes what earlier runs left behind, makes every check, and removes what it made. If EC2 does not
 * say what is there, nothing is created.
 *
 * @throws UnknownSubnetError before anything is done; what the SDK throws if EC2 is not reached.
 */
export async function runChecks(options: RunOptions): Promise<Run> {
  const { clients, clock, subnetId, secondSubnetId, signal, onProgress } = options;
  const { checks = CHECKS } = options;
  const ec2 = guardedEc2(
    clients,
    [subnetId, secondSubnetId].filter((id) => id !== undefined),
  );
  const runId = randomUUID();
  const { lab, furnish } = await readLab({ ec2, clock, signal, runId, subnetId, secondSubnetId });
  const before = await unlessForbidden(() => cleanUp(ec2, clock, signal));
  if (before instanceof NotMadeError) {
    const results = checks.map((check) => resultOf(check, 'not made', before.message));
    return { results, before: NOTHING, after: NOTHING, calls: ec2.calls() };
  }
  const results: Result[] = [];
  let after = NOTHING;
  try {
    await furnish().catch((error: unknown) => {
      if (!signal?.aborted) throw error;
    });
    for (const check of checks) {
      if (signal?.aborted) break;
      onProgress?.(check.id);
      results.push(await made(check, lab, options.drain));
    }
  } finally {
    onProgress?.('removing what was made');
    // Without the signal, which may have been aborted so that this comes.
    after = await cleanUp(ec2, clock);
  }
  return { results, before, after, calls: ec2.calls() };
}

async function unlessForbidden<T>(work: () => Promise<T>): Promise<T | NotMadeError> {
  try {
    return await work();
  } catch (error) {
    if (error instanceof NotMadeError) return error;
    throw error;
  }
}

async function made(check: Check, lab: Lab, drain: boolean): Promise<Result> {
  if (check.drains && !drain) return resultOf(check, 'not made', 'it was not agreed to');
  try {
    const { asExpected, seen } = await check.run(lab);
    return resultOf(check, asExpected ? 'as expected' : 'differs', seen);
  } catch (error) {
    if (!(error instanceof Error) || error instanceof ForbiddenCallError) throw error;
    if (error instanceof NotMadeError) return resultOf(check, 'not made', error.message);
    if (lab.signal?.aborted) return resultOf(check, 'not made', 'it was interrupted');
    const said = `${error.name}: ${error.message}`;
    if (isThrottled(error)) return resultOf(check, 'not made', `others call too: ${said}`);
    // What the SDK throws says nothing of the fact; what our own reading throws does.
    const isSdks = '$metadata' in error || 'code' in error;
    return resultOf(check, isSdks ? 'not made' : 'differs', said);
  }
}

function resultOf(
  { run: _, calls: __, drains: ___, ...fact }: Check,
  verdict: Verdict,
  seen: string,
): Result {
  return { ...fact, verdict, seen };
}
