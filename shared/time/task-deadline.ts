import { CodedError } from '../errors.ts';
import type { Clock } from './clock.ts';

/** A node's or a cluster's time is up; what it was at is retried. */
export class DeadlineError extends CodedError {
  override readonly name = 'DeadlineError';
  readonly errorCode = 'deadline';
}

/**
 * How long a task has to end by itself, once its signal is aborted. A take-over still tells the node
 * that it took from, and no call is under way when the message is tried again.
 */
const GRACE_MS = 2_000;

/**
 * Runs `task` for at most `ms` milliseconds of `clock`'s time: Then its signal is aborted. Two seconds
 * later nobody waits for the task any more, even if a call does not heed the signal.
 *
 * @throws DeadlineError if the deadline ended the task; what `task` throws.
 */
export async function withTaskDeadline<T>(
  clock: Clock,
  ms: number,
  what: string,
  task: (signal: AbortSignal) => Promise<T>,
): Promise<T> {
  const controller = new AbortController();
  const { signal } = controller;
  const { promise: expired, reject } = Promise.withResolvers<never>();
  let cancel = clock.after(ms, () => {
    const error = new DeadlineError(`${what} took longer than ${ms} ms`);
    controller.abort(error);
    cancel = clock.after(GRACE_MS, () => reject(error));
  });
  try {
    return await Promise.race([task(signal), expired]);
  } catch (error) {
    throw signal.aborted ? signal.reason : error;
  } finally {
    cancel();
  }
}
