import type { Cancel, Clock } from '../../shared/time/clock.ts';
import { addTo, type Batch, batchOf } from './news.ts';
import type { Hint } from './pod-index.ts';

/** News of one node that waits to be delivered. */
export interface Gathered {
  /** When the first of it was seen, ms since the epoch. */
  readonly since: number;
  readonly batch: Batch;
}

/** News that waits, by node. Each node's is delivered within a time that begins with its first. */
export interface WaitingNews {
  add(node: string, news: readonly Hint[]): void;
  /** Hands over what waits for a node. */
  take(node: string): Gathered | undefined;
  /** Delivers now what waits for these nodes, or for all nodes where none are given. */
  flush(nodes?: Iterable<string>): void;
  /** Forgets everything. */
  clear(): void;
}

export function createWaitingNews(options: {
  readonly clock: Clock;
  readonly longestMs: number;
  readonly deliver: (node: string, gathered: Gathered) => void;
}): WaitingNews {
  const { clock, longestMs, deliver } = options;
  const windows = new Map<string, Gathered & { readonly cancel: Cancel }>();

  const take = (node: string): Gathered | undefined => {
    const window = windows.get(node);
    window?.cancel();
    windows.delete(node);
    return window;
  };
  const flush = (nodes: Iterable<string> = windows.keys()): void => {
    for (const node of [...nodes]) {
      const gathered = take(node);
      if (gathered !== undefined) deliver(node, gathered);
    }
  };

  return {
    add(node, news) {
      const window = windows.get(node) ?? {
        since: clock.now(),
        batch: batchOf([]),
        cancel: clock.after(longestMs, () => flush([node])),
      };
      windows.set(node, window);
      for (const each of news) addTo(window.batch, each);
    },
    take,
    flush,
    clear() {
      for (const { cancel } of windows.values()) cancel();
      windows.clear();
    },
  };
}
