import type { Cancel, Clock } from '../../shared/time/clock.ts';
import { createFlapping } from './flapping.ts';
import { addAll, addTo, type Batch, batchOf } from './news.ts';
import type { Hint } from './pod-index.ts';
import type { Gathered, WaitingNews } from './waiting.ts';

/** So many changes of a namespace's pods are told at once. */
const AT_ONCE = 100;
/**
 * And one more for each of these, ms. EC2 has five Assign and five Unassign calls a second for an account
 * (Amazon EC2 Developer Guide, "Request throttling for the Amazon EC2 API"): one namespace's pods
 * that change what they claim are to leave most of them to others.
 */
const EACH_MS = 500;

/** News of pods that live and change again and again: each namespace's within a bound. */
export interface Paced extends Omit<WaitingNews, 'add'> {
  /** Takes the news of one change, if the namespace is over its bound. @returns whether it waits. */
  add(namespace: string, node: string, news: readonly Hint[]): boolean;
}

/**
 * What is beyond a namespace's bound waits by node. The node that waits longest is told next, of all that
 * waits for it: however many nodes the namespace has, its news asks for two looks a second.
 */
export function createPaced(options: {
  readonly clock: Clock;
  readonly deliver: (node: string, gathered: Gathered) => void;
}): Paced {
  const { clock, deliver } = options;
  const bound = createFlapping(clock, { atOnce: AT_ONCE, eachMs: EACH_MS });
  /** By namespace and node. */
  const waiting = new Map<string, Map<string, Batch>>();
  let cancel: Cancel | undefined;

  const take = (node: string): Gathered | undefined => {
    let taken: Batch | undefined;
    for (const [namespace, nodes] of waiting) {
      const batch = nodes.get(node);
      if (batch === undefined) continue;
      nodes.delete(node);
      if (nodes.size === 0) waiting.delete(namespace);
      if (taken === undefined) taken = batch;
      else addAll(taken, batch);
    }
    // It is as old as it is let go: it must not go before younger news that did not wait here.
    return taken && { since: clock.now(), batch: taken };
  };
  const flush = (nodes: Iterable<string>): void => {
    for (const node of nodes) {
      const gathered = take(node);
      if (gathered !== undefined) deliver(node, gathered);
    }
  };
  const tick = (): void => {
    cancel = waiting.size > 0 ? clock.after(EACH_MS, tick) : undefined;
    for (const [namespace, nodes] of [...waiting]) {
      bound.note(namespace);
      flush([...nodes.keys()].slice(0, 1));
    }
  };

  return {
    add(namespace, node, news) {
      const nodes = waiting.get(namespace) ?? new Map<string, Batch>();
      if (nodes.size === 0 && !bound.note(namespace)) return false;
      const batch = nodes.get(node) ?? batchOf([]);
      for (const each of news) addTo(batch, each);
      waiting.set(namespace, nodes.set(node, batch));
      cancel ??= clock.after(EACH_MS, tick);
      return true;
    },
    take,
    flush: (nodes = [...waiting.values()].flatMap((each) => [...each.keys()])) => flush(nodes),
    clear() {
      waiting.clear();
      bound.clear();
      cancel?.();
      cancel = undefined;
    },
  };
}
