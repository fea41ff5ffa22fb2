import { nodeMessage } from '../../shared/messages/build.ts';
import type { Cancel, Clock } from '../../shared/time/clock.ts';
import type { Outbox } from './outbox.ts';

/**
 * How many nodes are looked at without delay, and how many more in every interval after that. A look
 * that changes nothing costs a read of EC2 for each batch of nodes, and an account has 20 reads a
 * second. A look that changes something needs calls of which EC2 gives 100 at once, and then 5 a second
 * (Amazon EC2 Developer Guide, "Request throttling for the Amazon EC2 API").
 */
const AT_ONCE = 100;
const EACH_INTERVAL = 10;
const INTERVAL_MS = 200;
/** More than this in the outbox goes first: they are messages with a reason. */
const FEW_MESSAGES = 10;

/** Looks at nodes of which nothing is known to have changed. */
export interface Looks {
  /** @param nodes those go first that come first. */
  add(nodes: Iterable<string>): void;
  /** Another message has the node looked at. */
  cover(node: string): void;
  clear(): void;
}

/**
 * Spreads the looks at all nodes of a large cluster over time. The queue is served in the order in which
 * it was filled: a new pod would wait behind all of them.
 */
export function createLooks(options: {
  readonly clock: Clock;
  readonly cluster: string;
  readonly outbox: Pick<Outbox, 'push' | 'size'>;
}): Looks {
  const { clock, cluster, outbox } = options;
  const waiting = new Set<string>();
  let cancel: Cancel | undefined;

  const send = (most: number): void => {
    for (const node of [...waiting].slice(0, most)) {
      waiting.delete(node);
      outbox.push(nodeMessage(cluster, node, 'resync', clock.now()));
    }
  };
  const rest = (): void => {
    if (waiting.size === 0) clear();
    else cancel = clock.after(INTERVAL_MS, tick);
  };
  const tick = (): void => {
    if (outbox.size().messages <= FEW_MESSAGES) send(EACH_INTERVAL);
    rest();
  };
  const clear = (): void => {
    waiting.clear();
    cancel?.();
    cancel = undefined;
  };

  return {
    add(nodes) {
      for (const node of nodes) waiting.add(node);
      if (cancel !== undefined) return;
      send(AT_ONCE);
      rest();
    },
    cover: (node) => void waiting.delete(node),
    clear,
  };
}
