import type { Cancel, Clock } from '../../shared/time/clock.ts';
import { addTo, type Batch, batchOf, type News } from './news.ts';

/** It goes out this long after the first of all nodes was complete, ms. */
const COMPLETE_MS = 3_000;
/** Or once it is complete for so many nodes: they are one batch. */
const COMPLETE_NODES = 5;
/** And no later than this after the node's first, ms. */
const LONGEST_MS = 5_000;

/** What a node is to hear of some time. */
export interface Gathered {
  /** When the first of it was seen, ms since the epoch. */
  readonly since: number;
  readonly batch: Batch;
}

export interface GatherReleases {
  /** Takes news of one node that may wait. */
  add(node: string, news: readonly News[]): void;
  /** Hands over what is gathered for a node that hears of something else now. */
  take(node: string): Gathered | undefined;
  /** Delivers everything that is gathered, now. */
  flush(): void;
  /** Forgets everything that is gathered. */
  clear(): void;
}

interface Window extends Gathered {
  readonly cancel: Cancel;
}

/**
 * Gathers what pods let go of and nobody waits for: EC2 unassigns all addresses of an ENI with one
 * call, of which an account has few. A node's is complete when none of its pods terminates any
 * more; the releases of several nodes go out together, so that they share a batch.
 */
export function createGatherReleases(options: {
  readonly clock: Clock;
  /** Whether pods of the node terminate: more is to come. */
  readonly terminates: (node: string) => boolean;
  readonly deliver: (node: string, gathered: Gathered) => void;
}): GatherReleases {
  const { clock, terminates, deliver } = options;
  const windows = new Map<string, Window>();
  const complete = new Set<string>();
  let cancelComplete: Cancel | undefined;

  const take = (node: string): Gathered | undefined => {
    const window = windows.get(node);
    window?.cancel();
    windows.delete(node);
    complete.delete(node);
    return window;
  };
  const send = (nodes: Iterable<string>): void => {
    for (const node of [...nodes]) {
      const gathered = take(node);
      if (gathered !== undefined) deliver(node, gathered);
    }
  };
  const sendComplete = (): void => {
    cancelComplete?.();
    cancelComplete = undefined;
    send(complete);
  };

  return {
    add(node, news) {
      const window = windows.get(node) ?? {
        since: clock.now(),
        batch: batchOf([]),
        cancel: clock.after(LONGEST_MS, () => send([node])),
      };
      windows.set(node, window);
      for (const each of news) addTo(window.batch, each);
      if (terminates(node)) complete.delete(node);
      else complete.add(node);
      if (complete.size >= COMPLETE_NODES) sendComplete();
      else if (complete.size > 0) cancelComplete ??= clock.after(COMPLETE_MS, sendComplete);
    },
    take,
    flush: () => send(windows.keys()),
    clear() {
      for (const { cancel } of windows.values()) cancel();
      windows.clear();
      complete.clear();
      cancelComplete?.();
      cancelComplete = undefined;
    },
  };
}
