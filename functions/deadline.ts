import type { Clock } from '../shared/clock.ts';

/** A node's or a cluster's time is up; what it was at is retried. */
export class DeadlineError extends Error {
  override readonly name = 'DeadlineError';
}

/**
 * Runs `task` for at most `ms` milliseconds of `clock`'s time: then its signal is aborted and
 * the result is no longer waited for, also where a call does not heed the signal.
 *
 * @throws DeadlineError at the deadline; what `task` throws.
 */
export async function withDeadline<T>(
  clock: Clock,
  ms: number,
  what: string,
  task: (signal: AbortSignal) => Promise<T>,
): Promise<T> {
  const controller = new AbortController();
  const { promise: expired, reject } = Promise.withResolvers<never>();
  const cancel = clock.after(ms, () => {
    const error = new DeadlineError(`${what} took longer than ${ms} ms`);
    controller.abort(error);
    reject(error);
  });
  try {
    return await Promise.race([task(controller.signal), expired]);
  } finally {
    cancel();
  }
}
