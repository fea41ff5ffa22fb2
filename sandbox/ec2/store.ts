import type { Clock } from '../../shared/time/clock.ts';
import type { State } from './model.ts';

/** How far DescribeNetworkInterfaces is behind: a number of changes, or milliseconds. */
export type Staleness =
  | { readonly kind: 'none' }
  | { readonly kind: 'versions'; readonly back: number }
  | { readonly kind: 'time'; readonly ms: number };

export interface Change {
  readonly before: State;
  readonly after: State;
}

export interface Store {
  state(): State;
  /** The state as a reader sees it who is this far behind. */
  lagging(staleness: Staleness): State;
  commit(after: State): void;
  /** Calls `listener` right after every change, until the returned function is called. */
  onChange(listener: (change: Change) => void): () => void;
}

/** Older versions are forgotten; nobody lags behind by more changes. */
const VERSIONS_KEPT = 1000;

export function createStore(initial: State, clock: Clock): Store {
  const versions = [{ at: Number.NEGATIVE_INFINITY, state: initial }];
  const listeners = new Set<(change: Change) => void>();
  let current = initial;

  return {
    state: () => current,
    lagging(staleness) {
      if (staleness.kind === 'none') return current;
      const seen =
        staleness.kind === 'versions'
          ? versions.at(-1 - staleness.back)
          : versions.findLast(({ at }) => at <= clock.now() - staleness.ms);
      return (seen ?? versions[0])?.state ?? current;
    },
    commit(after) {
      const change = { before: current, after };
      current = after;
      versions.push({ at: clock.now(), state: after });
      if (versions.length > VERSIONS_KEPT) versions.shift();
      for (const listener of listeners) listener(change);
    },
    onChange(listener) {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
  };
}
