import type { Lease, LeaseRecord } from './leases.ts';

/**
 * What a holder writes into the Lease, over what it says.
 *
 * @param at ms since the epoch.
 * @param leaseDuration ms.
 */
export function claimed(
  over: Lease | undefined,
  holder: string,
  leaseDuration: number,
  at: number,
): LeaseRecord {
  const now = microTime(at);
  const kept = over?.holder === holder;
  return {
    holder,
    // At least 1: the API server refuses 0.
    durationSeconds: Math.max(1, Math.ceil(leaseDuration / 1_000)),
    transitions: (over?.transitions ?? 0) + (over === undefined || kept ? 0 : 1),
    acquireTime: kept ? over.acquireTime : now,
    renewTime: now,
  };
}

/** What its holder writes into a Lease that it gives up: nobody need wait for it to run out. */
export function givenUp(lease: LeaseRecord, at: number): LeaseRecord {
  const now = microTime(at);
  return { ...lease, holder: '', durationSeconds: 1, renewTime: now, acquireTime: now };
}

/** metav1.MicroTime: RFC 3339 with six digits of a second. */
function microTime(at: number): string {
  return new Date(at).toISOString().replace('Z', '000Z');
}
