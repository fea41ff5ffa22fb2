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
  /** The valid ENI that its claim belongs on; absent if there is none. */
  readonly eniId?: string;
}

/** Where an address is, and whom the ledger names there. */
export interface Whereabouts {
  /** The ENIs of the node that have the address. */
  readonly on: ReadonlySet<string>;
  /** Whether the ledger says that this claimant has the address (docs/design.md, rule L12). */
  readonly holds: (claimant: NodeClaimant) => boolean;
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

/** Why a pod speaks for an address: by which line of docs/design.md, "What plan decides", or because it was passed on. */
export type SpeaksBy = 'holds' | 'on-its-eni' | 'oldest' | 'passed-on';

/**
 * The pod that speaks for an address on its node: the one that the ledger names, whatever ENI its claim
 * fits now. Otherwise the one on whose ENI it is, and without that the oldest. From it the claim passes
 * on as between nodes, to a pod that has a valid ENI for it.
 *
 * @param claimants the live pods of the node that claim the address.
 */
export function speakerOf<C extends NodeClaimant>(
  claimants: readonly C[],
  where: Whereabouts,
): C | undefined {
  return speaking(claimants, where)?.speaker;
}

/** The same, with why it is that pod. */
export function speaking<C extends NodeClaimant>(
  claimants: readonly C[],
  where: Whereabouts,
): { readonly speaker: C; readonly by: SpeaksBy } | undefined {
  const counted = claimants.filter((claimant) => counts(claimant, where)).sort(byAge);
  let found = firstToSpeak(counted, where);
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
function counts(claimant: NodeClaimant, { on, holds }: Whereabouts): boolean {
  if (holds(claimant)) return true;
  return claimant.eniId !== undefined && (!claimant.terminating || on.has(claimant.eniId));
}

function firstToSpeak<C extends NodeClaimant>(
  oldestFirst: readonly C[],
  { on, holds }: Whereabouts,
): { readonly speaker: C; readonly by: SpeaksBy } | undefined {
  const holder = oldestFirst.find(holds);
  if (holder) return { speaker: holder, by: 'holds' };
  const onItsEni = oldestFirst.find(({ eniId }) => eniId !== undefined && on.has(eniId));
  if (onItsEni) return { speaker: onItsEni, by: 'on-its-eni' };
  const [oldest] = oldestFirst;
  return oldest && { speaker: oldest, by: 'oldest' };
}
