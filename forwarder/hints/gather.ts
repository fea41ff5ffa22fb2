import type { NodeMessage } from '../../shared/messages/schema.ts';
import type { Cancel, Clock } from '../../shared/time/clock.ts';
import { addAll, addTo, type Batch, batchOf, podsMessage } from './news.ts';
import { createPatient } from './patient.ts';
import type { Hint } from './pod-index.ts';

/** A gathered message goes out after this much quiet on its node, in milliseconds. */
const QUIET_MS = 250;
/** And no later than this after the first event in it, in milliseconds. */
const LONGEST_MS = 1_000;

export interface Gather {
  /** Takes the news of one change. They may concern several nodes. */
  add(news: readonly Hint[]): void;
  /** Delivers everything that is gathered, now. */
  flush(): void;
  /** Forgets everything that is gathered. */
  clear(): void;
}

/** A node that is not quiet. */
interface Window {
  /** When the oldest gathered news was seen; absent while nothing is gathered. */
  since?: number;
  readonly gathered: Batch;
  cancel: Cancel;
}

/**
 * Turns news into one message per node. The first news of a quiet node is delivered at once. What
 * follows is gathered, so that a burst costs one reconcile and not fifty. Addresses that pods let go
 * of and nobody waits for are gathered for longer. So are claims of addresses that others have: when a
 * node is drained, the replacements of its pods take over their addresses ENI by ENI.
 */
export function createGather(options: {
  readonly clock: Clock;
  readonly cluster: string;
  readonly deliver: (message: NodeMessage) => void;
  /** Whether a pod of the node terminates. */
  readonly terminates: (node: string) => boolean;
  /** Whether a pod of the node is about to claim addresses. */
  readonly starts: (node: string) => boolean;
}): Gather {
  const { clock, cluster, deliver, terminates, starts } = options;
  const windows = new Map<string, Window>();

  const open = (node: string): void => {
    const cancel = clock.after(QUIET_MS, () => close(node));
    windows.set(node, { gathered: batchOf([]), cancel });
  };

  const patient = createPatient({
    clock,
    terminates,
    starts,
    deliver: (node, { since, batch }) => deliver(podsMessage(cluster, node, since, batch)),
  });

  /** Sends a batch, and with it what waits for the same node. */
  const send = (node: string, at: number, batch: Batch): void => {
    const waiting = patient.take(node);
    if (waiting !== undefined) addAll(batch, waiting.batch);
    deliver(podsMessage(cluster, node, Math.min(at, waiting?.since ?? at), batch));
  };

  const close = (node: string): void => {
    const window = windows.get(node);
    windows.delete(node);
    if (window?.since === undefined) return;
    const quiet = clock.now() - window.since < LONGEST_MS;
    if (!quiet) open(node);
    send(node, window.since, window.gathered);
  };

  const gather = (window: Window, node: string, news: readonly Hint[]): void => {
    const now = clock.now();
    window.since ??= now;
    for (const each of news) addTo(window.gathered, each);
    window.cancel();
    const left = Math.max(0, window.since + LONGEST_MS - now);
    window.cancel = clock.after(Math.min(QUIET_MS, left), () => close(node));
  };

  return {
    add(all) {
      const causes = new Set(all.flatMap(({ cause }) => cause ?? []));
      const flapping = new Set([...causes].filter(patient.flaps));
      for (const [node, news] of Map.groupBy(all, (each) => each.node)) {
        if (news.every(({ cause }) => cause !== undefined && flapping.has(cause))) {
          patient.wait(node, news);
          continue;
        }
        if (patient.pace(node, news)) continue;
        const window = windows.get(node);
        if (window?.since === undefined && patient.add(node, news)) continue;
        if (window !== undefined) {
          gather(window, node, news);
          continue;
        }
        open(node);
        send(node, clock.now(), batchOf(news));
      }
    },
    flush() {
      for (const [node, window] of [...windows]) {
        window.cancel();
        close(node);
      }
      patient.flush();
    },
    clear() {
      for (const window of windows.values()) window.cancel();
      windows.clear();
      patient.clear();
    },
  };
}
