import type { Clock } from '../shared/clock.ts';
import {
  type LetGo,
  NAMING_HOLDS_MS,
  type NodeMessage,
  type PodEvent,
} from '../shared/messages/schema.ts';
import { batchOf, type News, podsMessage } from './news.ts';
import type { Hint } from './pod-index.ts';

/** A bound on memory, in addresses; the oldest go first. */
const MOST_KEPT = 50_000;
/** Who let go of an address last is who may have left it behind: of an address, no more nodes are kept. */
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
 * Who begins to claim an address may look before the node that had it has released it, and nobody
 * would tell it of the release. And a leader that dies takes along what it had not sent, which a
 * `resync` of the nodes does not bring back. So every replica remembers, and one that becomes
 * leader sends again. Most was sent before; naming an address twice changes nothing.
 */
export function createRecent(clock: Clock, cluster: string): Recent {
  const kept: Named[] = [];
  /** By address, the nodes whose pods let go of it, the last one last, and when. */
  const lastLetGo = new Map<string, Map<string, number>>();
  let addresses = 0;

  const keep = (named: Named): void => {
    kept.push(named);
    addresses += named.pod.ips.length;
    for (const address of named.pod.ips) {
      const nodes = lastLetGo.get(address) ?? new Map<string, number>();
      lastLetGo.set(address, nodes);
      nodes.delete(named.node);
      nodes.set(named.node, named.at);
      const [oldest] = nodes.keys();
      if (nodes.size > MOST_NODES && oldest !== undefined) nodes.delete(oldest);
    }
  };

  const forget = ({ at, node, pod }: Named): void => {
    addresses -= pod.ips.length;
    for (const address of pod.ips) {
      const nodes = lastLetGo.get(address);
      if (nodes?.get(node) !== at) continue;
      nodes.delete(node);
      if (nodes.size === 0) lastLetGo.delete(address);
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

  const letGoFor = (node: string, claims: readonly string[]): LetGo[] =>
    claims.flatMap((address) =>
      [...(lastLetGo.get(address) ?? [])]
        .filter(([other]) => other !== node)
        .map(([other, at]) => ({
          node: other,
          observedAt: new Date(at).toISOString(),
          ips: [address],
        })),
    );

  return {
    add(hints) {
      const at = clock.now();
      for (const { node, pod } of hints) {
        if (pod !== undefined && pod.ips.length > 0) keep({ at, node, pod });
      }
      forgetOld();
      return hints.map(({ node, pod, claims = [] }) => ({
        node,
        pod,
        letGo: letGoFor(node, claims),
      }));
    },
    messages(since, claiming) {
      forgetOld();
      const named = kept.filter(({ at }) => at >= since);
      const claimed = [...lastLetGo.keys()]
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
