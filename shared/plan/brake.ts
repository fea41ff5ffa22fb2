import type { ParsedNetwork } from '../claims/net-attach-def.ts';
import { claimsOf } from '../claims/pod-claims.ts';
import type { Node, Pod } from '../cluster/kubernetes.ts';
import type { LedgersReading } from '../cluster/ledgers.ts';
import type { Eni } from '../enis/eni.ts';
import { entryOf, ledgersFrom, recordedIn } from './ledger.ts';

/** What is known of a cluster's addresses when some are to be released that nobody saw let go of. */
export interface ReleaseCount {
  /** How many addresses its ledgers have, of those that its managed ENIs have. */
  readonly addresses: number;
  /** How many of these no pod of the cluster claims. */
  readonly unclaimed: number;
  /** How many were released unseen in the last ten minutes, as far as is known. */
  readonly released: number;
}

/** A share of few addresses is no mass: this many are never too many. */
export const NEVER_TOO_MANY = 20;

/** How long a release counts. */
export const COUNTED_FOR_MS = 10 * 60_000;

/**
 * Whether the addresses that are left at once are so numerous that their pods have rather vanished than
 * ended (docs/design.md, "The brake"). Pure.
 *
 * @param maxShare of a cluster's addresses, from 0 to 1.
 */
export function isMass(
  { addresses, unclaimed, released }: ReleaseCount,
  maxShare: number,
): boolean {
  const before = addresses + released;
  return unclaimed + released > Math.max(NEVER_TOO_MANY, maxShare * before);
}

/** A cluster's addresses in its ledgers. */
export interface Counted {
  readonly addresses: number;
  /** What no pod claims, as `ENI/address`. */
  readonly left: ReadonlySet<string>;
}

/** A cluster as it was read: ENIs and ledgers first, then Nodes and pods. */
interface Counting {
  /** The managed ones at least. */
  readonly enis: readonly Pick<Eni, 'id' | 'instanceId' | 'managed' | 'secondary'>[];
  readonly ledgers: LedgersReading;
  readonly nodes: readonly Pick<Node, 'instanceId'>[];
  readonly pods: readonly Pod[];
  readonly networks: ReadonlyMap<string, ParsedNetwork>;
}

/** Counts the addresses of a cluster's managed ENIs that its ledgers have, and those that no pod claims. Pure. */
export function countAddresses({ enis, ledgers, nodes, pods, networks }: Counting): Counted {
  const instances = new Set(nodes.flatMap(({ instanceId }) => instanceId ?? []));
  const known = ledgersFrom(ledgers);
  const recorded = recordedIn(ledgers);
  const claims = pods.flatMap((pod) => claimsOf(pod, { networks, recorded })?.claims ?? []);
  const claimed = new Set(claims.map(({ address }) => address));
  const ours = enis
    .filter(({ instanceId = '', managed }) => managed && instances.has(instanceId))
    .flatMap(({ id, secondary }) =>
      secondary
        .filter((address) => entryOf(known, id, address) !== undefined)
        .map((address) => ({ id, address })),
    );
  const unclaimed = ours.filter(({ address }) => !claimed.has(address));
  return {
    addresses: ours.length,
    left: new Set(unclaimed.map(({ id, address }) => `${id}/${address}`)),
  };
}
