import {
  type LetGo,
  NAMING_HOLDS_MS,
  type NodeMessage,
  type PodEvent,
} from '../../shared/messages/schema.ts';
import type { Clock } from '../../shared/time/clock.ts';
import { batchOf, type News, podsMessage } from './news.ts';
import type { Hint } from './pod-index.ts';

/** A bound on memory, in addresses; the oldest go first. */
const MOST_KEPT = 50_000;
/** Of each address so many nodes are kept, the last that let go of it: one of them may have left it behind. */
const MOST_NODES = 8;

interface Named {
  readonly at: number;
  readonly node: string;
  readonly pod: PodEvent;
}

export interface Recent {
  /**
   * Remembers what hints name.
   *
   * @returns the hints, with what pods of other nodes let go of.
   */
  add(hints: readonly Hint[]): News[];
  /**
   * What was named since a time (ms since the epoch), and what was let go of that others claim, as
   * messages.
   *
   * @param claiming the nodes of the pods that claim an address now.
   */
  messages(since: number, claiming: (address: string) => Iterable<string>): NodeMessage[];
}

/**
 * What pods let go of, for as long as a naming holds: an address outside ranges is released, and
 * handed over, only where a message names it.
 *
 * A node that begins to claim an address may look before the node that had it has released it, and
 * nobody would tell it of the release. And what a leader had not sent is lost when it dies: a `resync`
 * of the nodes does not bring it back. So every replica remembers, and a new leader sends again. Most
 * of that was sent before; to name an address twice changes nothing.
 */
export function createRecent(clock: Clock, cluster: string): Recent {
  const kept: Named[] = [];
  /** By address, what names it last on each node, the latest at the end. */
  const byAddress = new Map<string, readonly Named[]>();
  let addresses = 0;

  const keep = (named: Named): void => {
    kept.push(named);
    addresses += named.pod.ips.length;
    for (const address of named.pod.ips) {
      const others = (byAddress.get(address) ?? []).filter(({ node }) => node !== named.node);
      byAddress.set(address, [...others, named].slice(-MOST_NODES));
    }
  };

  const forget = (named: Named): void => {
    addresses -= named.pod.ips.length;
    for (const address of named.pod.ips) {
      const left = (byAddress.get(address) ?? []).filter((each) => each !== named);
      if (left.length > 0) byAddress.set(address, left);
      else byAddress.delete(address);
    }
  };

  const forgetOld = (): void => {
    const oldest = clock.now() - NAMING_HOLDS_MS;
    for (let first = kept[0]; first !== undefined; first = kept[0]) {
      if (first.at >= oldest && addresses <= MOST_KEPT) return;
      kept.shift();
      forget(first);
    }
  };

  const letGoFor = (node: string, claims: readonly string[]): LetGo[] => {
    const byNaming = new Map<Named, string[]>();
    for (const address of claims) {
      for (const named of byAddress.get(address) ?? []) {
        if (named.node === node) continue;
        const ips = byNaming.get(named);
        if (ips === undefined) byNaming.set(named, [address]);
        else ips.push(address);
      }
    }
    return [...byNaming].map(([named, ips]) => ({
      node: named.node,
      observedAt: new Date(named.at).toISOString(),
      ips,
    }));
  };

  return {
    add(hints) {
      const at = clock.now();
      for (const { node, pod } of hints) {
        if (pod !== undefined && pod.ips.length > 0) keep({ at, node, pod });
      }
      forgetOld();
      return hints.map(({ claims = [], ...hint }) => ({
        ...hint,
        letGo: letGoFor(hint.node, claims),
      }));
    },
    messages(since, claiming) {
      forgetOld();
      const named = kept.filter(({ at }) => at >= since);
      const claimed = [...byAddress.keys()]
        .flatMap((address) => [...claiming(address)].map((node) => ({ node, address })))
        .map(({ node, address }) => ({ node, letGo: letGoFor(node, [address]) }))
        .filter(({ letGo }) => letGo.length > 0);
      const oldest = new Map(named.toReversed().map(({ node, at }) => [node, at]));
      return [...Map.groupBy<string, News>([...named, ...claimed], ({ node }) => node)].map(
        ([node, news]) =>
          podsMessage(cluster, node, oldest.get(node) ?? clock.now(), batchOf(news)),
      );
    },
  };
}
