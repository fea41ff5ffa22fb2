import { type Address, compareAddresses } from '../../shared/address.ts';
import { parseFloatingIps } from '../../shared/claims/floating-ips.ts';
import { parseNetworkStatus } from '../../shared/claims/network-status.ts';
import type { Pod } from '../../shared/cluster/kubernetes.ts';

/** Since when an address has been on the pod's interfaces without a break. */
export interface Sighting {
  /** Milliseconds since the epoch, by our clock. */
  readonly since: number;
  /** It was there when the program started: it may have come long before. */
  readonly fromStart: boolean;
}

export type Sightings = ReadonlyMap<Address, Sighting>;

/** What is seen at `now` (ms since the epoch); `before` is absent at the first look. */
export function see(
  addresses: readonly Address[],
  now: number,
  before: Sightings | undefined,
): Sightings {
  const fresh = { since: now, fromStart: before === undefined };
  return new Map(addresses.map((address) => [address, before?.get(address) ?? fresh]));
}

/**
 * The value of `multus-eni.dev/floating-ips` for a pod that has these addresses: those that no CNI
 * plugin gave to it. An address that was there before this program started keeps its `since`, so
 * that a restart does not make the claim the newer one.
 *
 * @param sinceOf since when by the clock that all pods of the cluster share, ms since the epoch.
 * @returns `null` where there is none, `undefined` where `network-status` cannot be read.
 */
export function floatingAnnotation(
  pod: Pod,
  sightings: Sightings,
  sinceOf: (sighting: Sighting) => number,
): string | null | undefined {
  const status = parseNetworkStatus(pod.annotations, pod.namespace);
  if (!status.ok) return undefined;
  const given = new Set(status.attachments.flatMap(({ ips }) => ips));
  const published = parseFloatingIps(pod.annotations);
  const recorded = new Map(
    (published.ok ? published.floating : []).map(({ address, since }) => [address, since]),
  );
  const floating = [...sightings]
    .filter(([address]) => !given.has(address))
    .sort(([a], [b]) => compareAddresses(a, b))
    .map(([ip, sighting]) => {
      const from = (sighting.fromStart ? recorded.get(ip) : undefined) ?? sinceOf(sighting);
      return { ip, since: new Date(from).toISOString() };
    });
  return floating.length === 0 ? null : JSON.stringify(floating);
}

/**
 * Tells of a sighting since when it lasts by the API server's clock: claims of pods on several nodes
 * are compared, and that is the one clock that all of them can ask. What was told of a sighting once
 * stays, however the two clocks differ later.
 */
export function sinceByServer(): (sighting: Sighting, aheadMs: number) => number {
  const told = new WeakMap<Sighting, number>();
  return (sighting, aheadMs) => {
    const since = told.get(sighting) ?? sighting.since + aheadMs;
    told.set(sighting, since);
    return since;
  };
}
