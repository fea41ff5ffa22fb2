import { heartbeat } from '../shared/messages/build.ts';
import type { Clock } from '../shared/time/clock.ts';
import { createGather } from './hints/gather.ts';
import { type Beyond, createPodIndex, type Hint } from './hints/pod-index.ts';
import { createRecent } from './hints/recent.ts';
import { withStarting } from './hints/starting.ts';
import { createLooks } from './outbox/looks.ts';
import type { Outbox } from './outbox/outbox.ts';
import type { PodSink } from './watch/watch-pods.ts';

/**
 * What a leader saw in the last so many ms before its end may be unsent, although it did not say
 * so: longer than it takes to send, for a Lease to run out, and to take over.
 */
const UNSAID_MS = 60_000;
/** What it said may have been read so much later, ms. */
const READ_LATE_MS = 15_000;

export interface Replica extends PodSink {
  /**
   * This replica sends from now on: first whatever another may have left unsent.
   *
   * @param unsentSince when the oldest of that was seen, as far as is known: ms since the epoch.
   */
  elected(unsentSince?: number): void;
  /** It sends nothing from now on, and goes on listening. */
  lost(): void;
  /** Tells that the cluster is being watched, if this replica is the one to tell it. */
  beat(): void;
  /** When the oldest was seen that a leader, this one or one before, may not have sent: ms since the epoch. */
  unsentSince(): number | undefined;
  /** Hands on at once what is being gathered. */
  flush(): void;
  /** The first list of pods is complete. */
  listed(): boolean;
  /** How many pods claim an address, and on how many nodes. */
  counts(): { readonly pods: number; readonly nodes: number };
}

/** One of the forwarder's replicas: turns pods as they are seen into messages, while it leads. */
export function createReplica(options: {
  readonly clock: Clock;
  readonly cluster: string;
  readonly outbox: Pick<Outbox, 'push' | 'size' | 'unsentSince'>;
  /** Told of addresses that are left out, as one namespace claims too many. */
  readonly onBeyond?: (beyond: Beyond) => void;
}): Replica {
  const { clock, cluster, outbox } = options;
  const looks = createLooks(options);
  const index = withStarting(createPodIndex(options.onBeyond));
  const recent = createRecent(clock, cluster);
  const gather = createGather({
    clock,
    cluster,
    deliver(message) {
      looks.cover(message.node);
      outbox.push(message);
    },
    terminates: index.terminates,
    starts: index.starts,
  });
  let listed = false;
  let leading = false;
  /** From the election until it can send. */
  let owedSince: number | undefined;

  const accept = (hints: readonly Hint[]): void => {
    // The first list is news of nothing: every node gets a resync after it.
    if (!listed) return;
    const news = recent.add(hints);
    if (leading) gather.add(news);
  };

  const beat = (): void => {
    if (!leading || !listed) return;
    outbox.push(heartbeat(cluster, clock.now()));
  };

  const begin = (): void => {
    if (!leading || !listed) return;
    beat();
    const since = Math.min(clock.now() - UNSAID_MS, (owedSince ?? Infinity) - READ_LATE_MS);
    const named = recent.messages(since, index.claiming);
    for (const message of named) outbox.push(message, since);
    const covered = new Set(named.map(({ node }) => node));
    looks.add(index.nodes().difference(covered));
  };

  return {
    onPod: (pod, listed) => accept(listed ? inferred(index.put(pod)) : index.put(pod)),
    onDeleted: (pod) => accept(index.remove(pod)),
    onListed(uids) {
      accept(inferred(index.retain(uids)));
      if (listed) return;
      listed = true;
      begin();
    },
    elected(unsentSince) {
      leading = true;
      owedSince = unsentSince;
      begin();
    },
    lost() {
      leading = false;
      gather.clear();
      looks.clear();
    },
    beat,
    unsentSince() {
      if (!listed) return owedSince;
      const [since, look] = [outbox.unsentSince(), looks.since()];
      return since === undefined || look === undefined ? (since ?? look) : Math.min(since, look);
    },
    flush: gather.flush,
    listed: () => listed,
    counts: () => ({ pods: index.size(), nodes: index.nodes().size }),
  };
}

/**
 * What a list of all pods shows to have ended: no watch told of it, as none does where the API server's
 * data was replaced (docs/design.md, "The brake").
 */
function inferred(hints: readonly Hint[]): Hint[] {
  return hints.map((hint) =>
    hint.pod === undefined || hint.pod.ips.length === 0
      ? hint
      : { ...hint, pod: { ...hint.pod, inferred: true } },
  );
}
