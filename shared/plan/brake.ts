import type { Address } from '../address.ts';
import type { Eni } from '../enis/eni.ts';

/** What is known of a cluster's addresses when some are to be released that nobody saw let go of. */
export interface ReleaseCount {
  /** How many addresses in the ranges its managed ENIs have. */
  readonly addresses: number;
  /** How many of these no pod of the cluster claims. */
  readonly unclaimed: number;
  /** How many were released unseen in the last ten minutes, as far as is known. */
  readonly released: number;
}

/** A share of few addresses is no mass: so many are never too many. */
export const NEVER_TOO_MANY = 20;

/** What was released counts for so long: ms. */
export const COUNTED_FOR_MS = 10 * 60_000;

/**
 * Whether so many addresses are left at once that their pods have rather vanished than ended
 * (docs/design.md, "The brake"). Pure.
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

/** A cluster's addresses in its ranges. */
export interface Counted {
  readonly addresses: number;
  /** What no pod claims, as `ENI/address`. */
  readonly left: ReadonlySet<string>;
}

/**
 * Counts a cluster's addresses, and those that no pod claims. Pure.
 *
 * @param enis its managed ones, on instances of its Nodes.
 * @param claimed by any pod of the cluster.
 */
export function countAddresses(
  enis: readonly Pick<Eni, 'id' | 'secondary'>[],
  includes: (address: Address) => boolean,
  claimed: ReadonlySet<Address>,
): Counted {
  const ours = enis.flatMap(({ id, secondary }) =>
    secondary.filter(includes).map((address) => ({ id, address })),
  );
  const unclaimed = ours.filter(({ address }) => !claimed.has(address));
  return {
    addresses: ours.length,
    left: new Set(unclaimed.map(({ id, address }) => `${id}/${address}`)),
  };
}
