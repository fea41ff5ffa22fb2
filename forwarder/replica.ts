import { heartbeat } from '../shared/messages/build.ts';
import type { Clock } from '../shared/time/clock.ts';
import { createMailboxes } from './hints/mailbox.ts';
import { type Beyond, createPodIndex, type Hint } from './hints/pod-index.ts';
import { withStarting } from './hints/starting.ts';
import { createLooks } from './outbox/looks.ts';
import type { Outbox } from './outbox/outbox.ts';
import type { PodSink } from './watch/watch-pods.ts';

export interface Replica extends PodSink {
  /** This replica sends from now on. Another may have left news unsent: first it has all nodes looked at. */
  elected(): void;
  /** It sends nothing from now on, and goes on listening. */
  lost(): void;
  /** Tells that the cluster is being watched, if this replica is the one to tell it. */
  beat(): void;
  /** Hands on at once what waits for more of its node. */
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
  readonly outbox: Pick<Outbox, 'push' | 'size'>;
  /** Told of addresses that are left out, as one namespace claims too many. */
  readonly onBeyond?: (beyond: Beyond) => void;
}): Replica {
  const { clock, cluster, outbox } = options;
  const looks = createLooks(options);
  const index = withStarting(createPodIndex(clock, options.onBeyond));
  const mailboxes = createMailboxes({
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

  const accept = (hints: readonly Hint[]): void => {
    // The first list is news of nothing: every node gets a resync after it.
    if (listed && leading) mailboxes.add(hints);
  };

  const beat = (): void => {
    if (!leading || !listed) return;
    outbox.push(heartbeat(cluster, clock.now()));
  };

  const begin = (): void => {
    if (!leading || !listed) return;
    beat();
    looks.add(index.nodes().union(index.lettingGo()));
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
    elected() {
      leading = true;
      begin();
    },
    lost() {
      leading = false;
      mailboxes.clear();
      looks.clear();
    },
    beat,
    flush: mailboxes.flush,
    listed: () => listed,
    counts: () => ({ pods: index.size(), nodes: index.nodes().size }),
  };
}

/**
 * What a list of all pods shows to have ended: no watch told of it, as none does if the API server's
 * data was replaced (docs/design.md, "The brake").
 */
function inferred(hints: readonly Hint[]): Hint[] {
  return hints.map((hint) =>
    hint.pod === undefined || hint.pod.ips.length === 0
      ? hint
      : { ...hint, pod: { ...hint.pod, inferred: true } },
  );
}
