import type { Clock } from '../shared/clock.ts';
import type { NodeMessage, PodEvent } from '../shared/messages/schema.ts';
import { byNode, mergeAll, podsMessage } from './gather.ts';
import type { Hint } from './pod-index.ts';

/** Longer than a Lease takes to run out, a take-over and the old leader's own sending, ms. */
const KEPT_MS = 60_000;
/** A bound on memory, in addresses; the oldest go first. */
const MOST_KEPT = 50_000;

interface Named {
  readonly at: number;
  readonly node: string;
  readonly pod: PodEvent;
}

export interface Recent {
  add(hints: readonly Hint[]): void;
  /** What was kept, as messages. */
  messages(): NodeMessage[];
}

/**
 * The events of the last minute that name addresses. A leader that dies takes along
 * what it had not sent, and a `resync` of the nodes does not bring it back: outside
 * ranges an address is released only where a message names it. So every replica
 * keeps them, and one that becomes leader sends them again. Most were sent before;
 * naming an address twice changes nothing.
 */
export function createRecent(clock: Clock, cluster: string): Recent {
  const kept: Named[] = [];
  let addresses = 0;

  const forgetOld = (): void => {
    const oldest = clock.now() - KEPT_MS;
    for (let first = kept[0]; first !== undefined; first = kept[0]) {
      if (first.at >= oldest && addresses <= MOST_KEPT) return;
      kept.shift();
      addresses -= first.pod.ips.length;
    }
  };

  return {
    add(hints) {
      const at = clock.now();
      for (const { node, pod } of hints) {
        if (pod === undefined || pod.ips.length === 0) continue;
        kept.push({ at, node, pod });
        addresses += pod.ips.length;
      }
      forgetOld();
    },
    messages() {
      forgetOld();
      const since = new Map<string, number>();
      for (const { at, node } of kept) if (!since.has(node)) since.set(node, at);
      return [...byNode(kept)].map(([node, events]) =>
        podsMessage(cluster, node, since.get(node) ?? clock.now(), mergeAll(events)),
      );
    },
  };
}
