import { addAbortListener } from 'node:events';

/**
 * Waits for a promise that may go on if this caller gives up, because others share it or it heeds no
 * signal.
 *
 * @throws what the promise rejects with, or the signal's reason once it is aborted.
 */
export async function unlessAborted<T>(promise: Promise<T>, signal?: AbortSignal): Promise<T> {
  if (signal === undefined) return promise;
  const { promise: aborted, reject } = Promise.withResolvers<never>();
  const listener = addAbortListener(signal, () => reject(signal.reason));
  try {
    return await Promise.race([promise, aborted]);
  } finally {
    listener[Symbol.dispose]();
  }
}
