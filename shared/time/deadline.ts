import { addAbortListener } from 'node:events';
import type { Clock } from './clock.ts';
import { unlessAborted } from './unless-aborted.ts';

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
  // Not AbortSignal.any: Node keeps such a signal, and so the call, for as long as somebody listens
  // to it (lib/internal/abort_controller.js, "gcPersistentSignals").
  const controller = new AbortController();
  const cancel = clock.after(ms, () =>
    controller.abort(new DOMException(`no answer within ${ms} ms`, 'TimeoutError')),
  );
  const listener = signal && addAbortListener(signal, () => controller.abort(signal.reason));
  try {
    return await unlessAborted(work(controller.signal), controller.signal);
  } catch (error) {
    controller.signal.throwIfAborted();
    throw error;
  } finally {
    listener?.[Symbol.dispose]();
    cancel();
  }
}
