import { sharedList } from '../time/shared-list.ts';
import { inFilters } from './filters.ts';

/** What is looked up by id. What is not found is missing from the answer. */
export interface LookUps<T> {
  /** Asks for what is not known yet: each id once in the life of the process. */
  of(ids: readonly string[], signal?: AbortSignal): Promise<ReadonlyMap<string, T>>;
  /** Asks for all of them, known or not. */
  again(ids: readonly string[], signal?: AbortSignal): Promise<ReadonlyMap<string, T>>;
}

/**
 * Look-ups whose answers are kept. Ids that are asked for at the same time share a call. Those that
 * are asked for while it is under way share the next one.
 *
 * @param ask one call for at most as many ids as a filter takes; it ends by itself.
 * @returns throws what `ask` throws, and the signal's reason once it is aborted.
 */
export function cachedLookUps<T extends object>(
  ask: (ids: readonly string[]) => Promise<ReadonlyMap<string, T>>,
): LookUps<T> {
  const known = new Map<string, T>();
  const unknown = new Set<string>();
  const outdated = new Set<string>();
  const askForAll = sharedList(async () => {
    const wanted = outdated.union(new Set([...unknown].filter((id) => !known.has(id))));
    unknown.clear();
    outdated.clear();
    for (const ids of inFilters([...wanted])) {
      const found = await ask(ids);
      for (const id of ids) {
        const entry = found.get(id);
        if (entry === undefined) known.delete(id);
        else known.set(id, entry);
      }
    }
  });
  const found = (ids: readonly string[]): ReadonlyMap<string, T> => {
    const entries = new Map<string, T>();
    for (const id of ids) {
      const entry = known.get(id);
      if (entry !== undefined) entries.set(id, entry);
    }
    return entries;
  };

  return {
    async of(ids, signal) {
      const missing = ids.filter((id) => !known.has(id));
      for (const id of missing) unknown.add(id);
      if (missing.length > 0) await askForAll(signal);
      return found(ids);
    },
    async again(ids, signal) {
      for (const id of ids) outdated.add(id);
      if (ids.length > 0) await askForAll(signal);
      return found(ids);
    },
  };
}
