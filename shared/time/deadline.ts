import { addAbortListener } from 'node:events';
import type { Clock } from './clock.ts';

/**
 * Runs `work` with a signal that is aborted together with `signal`, or after `ms`
 * milliseconds of `clock`'s time with a `TimeoutError`. Work that does not heed its
 * signal is not waited for any longer: the SDK's does not while it waits for credentials.
 *
 * @throws what `work` throws; whatever that is, the abort's reason once it is aborted.
 */
export async function withDeadline<T>(
  clock: Clock,
  ms: number,
  signal: AbortSignal | undefined,
  work: (signal: AbortSignal) => Promise<T>,
): Promise<T> {
  signal?.throwIfAborted();
  const timeout = new AbortController();
  const cancel = clock.after(ms, () =>
    timeout.abort(new DOMException(`no answer within ${ms} ms`, 'TimeoutError')),
  );
  const either = signal === undefined ? timeout.signal : AbortSignal.any([signal, timeout.signal]);
  const { promise: aborted, reject } = Promise.withResolvers<never>();
  const listener = addAbortListener(either, () => reject(either.reason));
  try {
    return await Promise.race([work(either), aborted]);
  } catch (error) {
    either.throwIfAborted();
    throw error;
  } finally {
    listener[Symbol.dispose]();
    cancel();
  }
}
