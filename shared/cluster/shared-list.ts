import { addAbortListener } from 'node:events';

/**
 * A list that callers share: who asks while one is under way gets the next, which begins when that
 * one ends. So each gets what was there after it asked, as from a list of its own
 * (docs/design.md, rule 3), and many that ask at a time cost two lists.
 *
 * @param list reads it; it gives up by itself.
 * @returns throws what `list` throws, and the signal's reason once it is aborted.
 */
export function sharedList<T>(list: () => Promise<T>): (signal?: AbortSignal) => Promise<T> {
  let running: Promise<T> | undefined;
  let next: Promise<T> | undefined;

  const begin = (): Promise<T> => {
    next = undefined;
    const begun = list().finally(() => {
      if (running === begun) running = undefined;
    });
    running = begun;
    return begun;
  };

  return async (signal) => {
    signal?.throwIfAborted();
    if (running === undefined) return unlessAborted(begin(), signal);
    next ??= running.then(begin, begin);
    return unlessAborted(next, signal);
  };
}

async function unlessAborted<T>(promise: Promise<T>, signal?: AbortSignal): Promise<T> {
  if (signal === undefined) return promise;
  const { promise: aborted, reject } = Promise.withResolvers<never>();
  const listener = addAbortListener(signal, () => reject(signal.reason));
  try {
    return await Promise.race([promise, aborted]);
  } finally {
    listener[Symbol.dispose]();
  }
}
