import type { Cancel, Clock } from '../../shared/time/clock.ts';
import type { Hint } from './pod-index.ts';
import { createWaitingNews, type Gathered, type WaitingNews } from './waiting.ts';

/** What is complete goes out this long after the first node was, ms. */
const COMPLETE_MS = 3_000;
/** Or once it is complete for so many nodes: they are one batch. */
const COMPLETE_NODES = 5;
/** And no later than this after the node's first, ms. */
const LONGEST_MS = 5_000;

/**
 * Gathers what pods let go of and nobody waits for: EC2 unassigns all addresses of an ENI with one
 * call, of which an account has few. A node's is complete when none of its pods terminates or starts
 * any more; the releases of several nodes go out together, so that they share a batch.
 */
export function createGatherReleases(options: {
  readonly clock: Clock;
  /** Whether the node will soon hear of more: its pods terminate or start. */
  readonly isRestless: (node: string) => boolean;
  readonly deliver: (node: string, gathered: Gathered) => void;
}): WaitingNews {
  const { clock, isRestless, deliver } = options;
  const complete = new Set<string>();
  const forgotten = (node: string): void => {
    complete.delete(node);
  };
  const waiting = createWaitingNews({
    clock,
    longestMs: LONGEST_MS,
    deliver(node, gathered) {
      forgotten(node);
      deliver(node, gathered);
    },
  });
  let cancelComplete: Cancel | undefined;

  const sendComplete = (): void => {
    cancelComplete?.();
    cancelComplete = undefined;
    // News of a pod that starts meanwhile takes them along. A release under way would keep that pod
    // waiting.
    const whole = [...complete].filter((node) => !isRestless(node));
    complete.clear();
    waiting.flush(whole);
  };

  return {
    add(node: string, news: readonly Hint[]) {
      waiting.add(node, news);
      if (isRestless(node)) complete.delete(node);
      else complete.add(node);
      if (complete.size >= COMPLETE_NODES) sendComplete();
      else if (complete.size > 0) cancelComplete ??= clock.after(COMPLETE_MS, sendComplete);
    },
    take(node) {
      forgotten(node);
      return waiting.take(node);
    },
    flush: waiting.flush,
    clear() {
      waiting.clear();
      complete.clear();
      cancelComplete?.();
      cancelComplete = undefined;
    },
  };
}
