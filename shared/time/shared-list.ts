import { unlessAborted } from './unless-aborted.ts';

/**
 * A list that callers share. One read is under way at a time; callers that come meanwhile share the
 * next one, which begins when that one ends. So each gets a list that was read after it asked
 * (docs/design.md, rule 3).
 *
 * @param list reads it; it gives up by itself.
 * @returns throws what `list` throws, and the signal's reason once it is aborted.
 */
export function sharedList<T>(list: () => Promise<T>): (signal?: AbortSignal) => Promise<T> {
  let last: Promise<unknown> = Promise.resolve();
  let next: Promise<T> | undefined;

  const join = (): Promise<T> => {
    if (next !== undefined) return next;
    const joined = last.then(() => {
      next = undefined;
      return list();
    });
    next = joined;
    last = joined.catch(() => undefined);
    return joined;
  };

  return async (signal) => {
    signal?.throwIfAborted();
    return unlessAborted(join(), signal);
  };
}
