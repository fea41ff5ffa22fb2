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

/** A claimant on the node at hand. */
export interface NodeClaimant extends Claimant {
  /** The valid ENI that its claim belongs on; absent where there is none. */
  readonly eniId?: string;
  /** The ENI on which its condition says that it has the address. */
  readonly toldOn?: string;
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

/** Why a pod speaks for an address: which line of docs/design.md, "What plan decides", or that it was passed on. */
export type SpeaksBy = 'holds' | 'on-its-eni' | 'oldest' | 'passed-on';

/**
 * The pod that speaks for an address on its node: the one whose condition says that it has the
 * address where it is, whatever ENI its claim fits now; else the one on whose ENI it is; else the
 * oldest. From it the claim passes on as between nodes, to a pod that has a valid ENI for it.
 *
 * @param claimants the live pods of the node that claim the address.
 * @param on the ENIs of the node that the address is on.
 */
export function speakerOf<C extends NodeClaimant>(
  claimants: readonly C[],
  on: ReadonlySet<string>,
): C | undefined {
  return speaking(claimants, on)?.speaker;
}

/** The same, with why it is that pod. */
export function speaking<C extends NodeClaimant>(
  claimants: readonly C[],
  on: ReadonlySet<string>,
): { readonly speaker: C; readonly by: SpeaksBy } | undefined {
  const counted = claimants.filter((claimant) => counts(claimant, on)).sort(byAge);
  let found = firstToSpeak(counted, on);
  const others = new Set(counted);
  // Each speaks once: so this ends whatever the claims say of their age.
  while (found !== undefined && others.delete(found.speaker)) {
    const current = found;
    const next = [...others].find(
      (claimant) => claimant.eniId !== undefined && passesOn(current.speaker, claimant),
    );
    if (next === undefined) return current;
    found = { speaker: next, by: 'passed-on' };
  }
  return undefined;
}

/** Who never had the address and has no valid ENI for it, or is terminating, blocks nobody. */
function counts(claimant: NodeClaimant, on: ReadonlySet<string>): boolean {
  if (isIn(on, claimant.toldOn)) return true;
  return claimant.eniId !== undefined && (!claimant.terminating || on.has(claimant.eniId));
}

/**
 * Of several pods that were told so, one that is not terminating: a terminating one is told nothing
 * any more, and what its condition says may have been true before.
 */
function firstToSpeak<C extends NodeClaimant>(
  oldestFirst: readonly C[],
  on: ReadonlySet<string>,
): { readonly speaker: C; readonly by: SpeaksBy } | undefined {
  const told = oldestFirst.filter(({ toldOn }) => isIn(on, toldOn));
  const holder = told.find(({ terminating }) => !terminating) ?? told[0];
  if (holder) return { speaker: holder, by: 'holds' };
  const onItsEni = oldestFirst.find(({ eniId }) => isIn(on, eniId));
  if (onItsEni) return { speaker: onItsEni, by: 'on-its-eni' };
  const [oldest] = oldestFirst;
  return oldest && { speaker: oldest, by: 'oldest' };
}

function isIn(on: ReadonlySet<string>, eniId: string | undefined): boolean {
  return eniId !== undefined && on.has(eniId);
}
