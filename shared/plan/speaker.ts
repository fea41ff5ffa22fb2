import type { PodRef } from '../cluster/kubernetes.ts';

/** A live pod's claim of one address. */
export interface Claimant {
  readonly pod: PodRef;
  /** Milliseconds since the epoch. */
  readonly createdAt: number;
  readonly terminating: boolean;
  readonly floating: boolean;
  /** When the claim began, ms since the epoch. */
  readonly since: number;
}

/** A claimant on the node at hand, with the ENI that its claim belongs on. */
export interface NodeClaimant extends Claimant {
  readonly eniId: string;
  /** Its condition says that it has the address on that ENI. */
  readonly assigned: boolean;
}

/** Orders pods by age, the oldest first; of one age by uid, so that the order is total. */
export function byAge(a: Claimant, b: Claimant): number {
  if (a.createdAt !== b.createdAt) return a.createdAt - b.createdAt;
  return a.pod.uid < b.pod.uid ? -1 : a.pod.uid > b.pod.uid ? 1 : 0;
}

/**
 * Whether `holder` passes its address on to `claimant`: only within its namespace, and
 * only if it is terminating, or the claimant claims the address as floating and later.
 * A terminating claimant acquires nothing.
 */
export function passesOn(holder: Claimant, claimant: Claimant): boolean {
  if (claimant.terminating || claimant.pod.namespace !== holder.pod.namespace) return false;
  return holder.terminating || (claimant.floating && claimant.since > holder.since);
}

/**
 * The pod that speaks for an address on its node: the one on whose ENI the address is
 * (several there: whose condition says so, else the oldest; it is on none: the oldest), and from
 * it whom the claim passes to.
 *
 * @param claimants the live pods of the node that claim the address and have a valid ENI for it.
 * @param on the ENIs of the node that the address is on.
 */
export function speakerOf<C extends NodeClaimant>(
  claimants: readonly C[],
  on: ReadonlySet<string>,
): C | undefined {
  const counted = claimants
    .filter((claimant) => !claimant.terminating || on.has(claimant.eniId))
    .sort(byAge);
  let speaker = havingIt(counted.filter((claimant) => on.has(claimant.eniId))) ?? counted[0];
  for (;;) {
    const current = speaker;
    if (current === undefined) return undefined;
    const next = counted.find((claimant) => passesOn(current, claimant));
    if (next === undefined) return current;
    speaker = next;
  }
}

/**
 * Of several pods on the ENI that has the address, the one that was told so. A terminating one is
 * told nothing any more: what its condition says may have been true before.
 */
function havingIt<C extends NodeClaimant>(oldestFirst: readonly C[]): C | undefined {
  return (
    oldestFirst.find(({ assigned, terminating }) => assigned && !terminating) ??
    oldestFirst.find(({ assigned }) => assigned) ??
    oldestFirst[0]
  );
}
