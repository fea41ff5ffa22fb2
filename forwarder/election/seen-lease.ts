import type { Lease } from './leases.ts';

/** A Lease as this replica saw it first. */
export interface SeenLease {
  readonly lease: Lease;
  /** By the own clock, ms since the epoch. */
  readonly at: number;
}

/**
 * What is known once `lease` was read. A Lease that has not changed keeps the time at which it was
 * first seen.
 */
export function seenAgain(
  seen: SeenLease | undefined,
  lease: Lease | undefined,
  now: number,
): SeenLease | undefined {
  if (lease === undefined) return undefined;
  return seen?.lease.resourceVersion === lease.resourceVersion ? seen : { lease, at: now };
}

/**
 * From when on a replica that does not lead may take the Lease, ms since the epoch.
 *
 * @param leaseDuration ms; the Lease's own duration counts if it is longer.
 */
export function freeSince(
  seen: SeenLease | undefined,
  identity: string,
  leaseDuration: number,
): number {
  if (seen === undefined) return 0;
  const { lease, at } = seen;
  const held = lease.holder !== '' && lease.holder !== identity;
  return held ? at + Math.max(leaseDuration, lease.durationSeconds * 1_000) : at;
}
