import { type Address, compareAddresses } from '../../shared/address.ts';
import { parseFloatingIps } from '../../shared/claims/floating-ips.ts';
import { parseNetworkStatus } from '../../shared/claims/network-status.ts';
import type { Pod } from '../../shared/cluster/kubernetes.ts';

/** Since when an address has been on the pod's interfaces without a break. */
export interface Presence {
  /** Milliseconds since the epoch, by our clock. */
  readonly since: number;
  /** It was there when the program started: it may have come long before. */
  readonly fromStart: boolean;
}

export type Presences = ReadonlyMap<Address, Presence>;

/** What is seen at `now` (ms since the epoch); `before` is absent at the first look. */
export function observe(
  addresses: readonly Address[],
  now: number,
  before: Presences | undefined,
): Presences {
  const fresh = { since: now, fromStart: before === undefined };
  return new Map(addresses.map((address) => [address, before?.get(address) ?? fresh]));
}

/**
 * The value of `multus-eni.dev/floating-ips` for a pod that has these addresses: those that no CNI
 * plugin gave to it. An address that was there before this program started keeps its `since`, so
 * that a restart does not make the claim the newer one.
 *
 * @param sinceOf since when by the clock that all pods of the cluster share, ms since the epoch.
 * @returns `null` if there is none, `undefined` if `network-status` cannot be read.
 */
export function floatingAnnotation(
  pod: Pod,
  presences: Presences,
  sinceOf: (presence: Presence) => number,
): string | null | undefined {
  const status = parseNetworkStatus(pod.annotations, pod.namespace);
  if (!status.ok) return undefined;
  const given = new Set(status.attachments.flatMap(({ ips }) => ips));
  const published = parseFloatingIps(pod.annotations);
  const recorded = new Map(
    (published.ok ? published.floating : []).map(({ address, since }) => [address, since]),
  );
  const floating = [...presences]
    .filter(([address]) => !given.has(address))
    .sort(([a], [b]) => compareAddresses(a, b))
    .map(([ip, presence]) => {
      const from = (presence.fromStart ? recorded.get(ip) : undefined) ?? sinceOf(presence);
      return { ip, since: new Date(from).toISOString() };
    });
  return floating.length === 0 ? null : JSON.stringify(floating);
}

/**
 * Gives the beginning of a presence by the API server's clock. Claims of pods on several nodes are
 * compared, and this is the one clock that all of them can ask. For one presence it gives the same time
 * always, however the two clocks differ later.
 */
export function sinceByServer(): (presence: Presence, aheadMs: number) => number {
  const told = new WeakMap<Presence, number>();
  return (presence, aheadMs) => {
    const since = told.get(presence) ?? presence.since + aheadMs;
    told.set(presence, since);
    return since;
  };
}
