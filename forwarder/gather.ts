import type { Cancel, Clock } from '../shared/clock.ts';
import type { NodeMessage, PodEvent } from '../shared/messages/schema.ts';
import type { Hint } from './pod-index.ts';

/** A gathered message goes out after this much quiet on its node, in milliseconds. */
const QUIET_MS = 250;
/** And no later than this after the first event in it, in milliseconds. */
const LONGEST_MS = 1_000;

export interface Gather {
  /** Takes the hints of one change. They may concern several nodes. */
  add(hints: readonly Hint[]): void;
  /** Delivers everything that is gathered, now. */
  flush(): void;
  /** Forgets everything that is gathered. */
  clear(): void;
}

/** A node that is not quiet. */
interface Window {
  /** When the oldest gathered hint was seen; absent while nothing is gathered. */
  since?: number;
  readonly pods: Map<string, PodEvent>;
  cancel: Cancel;
}

/**
 * Turns hints into one message per node: the first of a quiet node is delivered at
 * once, what follows is gathered, so that a burst costs one reconcile and not fifty.
 */
export function createGather(options: {
  readonly clock: Clock;
  readonly cluster: string;
  readonly deliver: (message: NodeMessage) => void;
}): Gather {
  const { clock, cluster, deliver } = options;
  const windows = new Map<string, Window>();

  const open = (node: string): void => {
    const cancel = clock.after(QUIET_MS, () => close(node));
    windows.set(node, { pods: new Map(), cancel });
  };

  const send = (node: string, at: number, pods: Iterable<PodEvent>): void =>
    deliver(podsMessage(cluster, node, at, pods));

  const close = (node: string): void => {
    const window = windows.get(node);
    windows.delete(node);
    if (window?.since === undefined) return;
    const quiet = clock.now() - window.since < LONGEST_MS;
    if (!quiet) open(node);
    send(node, window.since, window.pods.values());
  };

  const gather = (window: Window, node: string, events: readonly PodEvent[]): void => {
    const now = clock.now();
    window.since ??= now;
    for (const event of events)
      window.pods.set(event.uid, merge(window.pods.get(event.uid), event));
    window.cancel();
    const left = Math.max(0, window.since + LONGEST_MS - now);
    window.cancel = clock.after(Math.min(QUIET_MS, left), () => close(node));
  };

  return {
    add(hints) {
      for (const [node, events] of byNode(hints)) {
        const window = windows.get(node);
        if (window !== undefined) {
          gather(window, node, events);
          continue;
        }
        open(node);
        send(node, clock.now(), mergeAll(events));
      }
    },
    flush() {
      for (const [node, window] of [...windows]) {
        window.cancel();
        close(node);
      }
    },
    clear() {
      for (const window of windows.values()) window.cancel();
      windows.clear();
    },
  };
}

/**
 * A message of reason `pods`.
 *
 * @param at when the oldest of `pods` was seen, ms since the epoch: addresses that
 *   a message names are released outside ranges for a limited time from then on, so
 *   the oldest is the safe one.
 */
export function podsMessage(
  cluster: string,
  node: string,
  at: number,
  pods: Iterable<PodEvent>,
): NodeMessage {
  const observedAt = new Date(at).toISOString();
  return { version: 1, cluster, node, reason: 'pods', observedAt, pods: [...pods] };
}

/** Several events of one pod as one that names every address that any of them named. */
export function mergeAll(events: Iterable<PodEvent>): Iterable<PodEvent> {
  const pods = new Map<string, PodEvent>();
  for (const event of events) pods.set(event.uid, merge(pods.get(event.uid), event));
  return pods.values();
}

function merge(earlier: PodEvent | undefined, later: PodEvent): PodEvent {
  if (earlier === undefined) return later;
  const ips = [...new Set([...earlier.ips, ...later.ips])];
  const event = later.event === 'delete' || later.event === earlier.event ? later.event : 'update';
  return { ...later, event, ips };
}

/** Every node that `hints` concern, with the pod events for it, which may be none. */
export function byNode(hints: readonly Hint[]): Map<string, PodEvent[]> {
  const nodes = new Map<string, PodEvent[]>();
  for (const { node, pod } of hints) {
    const events = nodes.get(node) ?? [];
    nodes.set(node, events);
    if (pod !== undefined) events.push(pod);
  }
  return nodes;
}
