/** Counts what happens, by its name. */
export interface Tally {
  add(name: string): void;
  clear(): void;
  /** By name, in the order of names. */
  counts(): Readonly<Record<string, number>>;
}

export function createTally(): Tally {
  const counts = new Map<string, number>();
  return {
    add: (name) => void counts.set(name, (counts.get(name) ?? 0) + 1),
    clear: () => counts.clear(),
    counts: () => Object.fromEntries([...counts].sort(([a], [b]) => a.localeCompare(b))),
  };
}
