import { expect } from 'vitest';
import { type Address, familyOf } from '../../../../shared/address.ts';
import type { Eni } from '../../../../shared/enis/eni.ts';
import { decidePassing } from '../../../../shared/plan/conflict.ts';
import { isUsable } from '../../../../shared/plan/ledger.ts';
import type { PlacedClaim } from '../../../../shared/plan/place-claims.ts';
import { acted, assign, hasAddress, roomOf, unassign, withEntry } from './ec2-model.ts';
import { type PlanInput, planOf } from './fixtures.ts';

/**
 * Several nodes that reconcile in turns, each step whole: what the interleaving of calls adds is
 * tested with the schedules.
 */

/** So many rounds bring any nodes to rest. */
export const ROUNDS = 6;
/** A round takes longer than a tombstone stays. */
const ROUND_MS = 180_000;

/** A take-over. */
export interface Took {
  readonly address: Address;
  readonly claim: PlacedClaim;
  readonly by: PlanInput;
  /** The node that it was taken from, as it was. */
  readonly from: PlanInput;
  readonly fromEni: Eni;
}

/** Where all addresses are. */
export const placements = (world: readonly PlanInput[]): string[] =>
  enisOf(world).map(({ id, secondary }) => `${id}: ${[...secondary].sort().join(' ')}`);

export const enisOf = (world: readonly PlanInput[]): Eni[] => world.flatMap(({ enis }) => enis);

function withEnis(world: readonly PlanInput[], enis: readonly Eni[]): PlanInput[] {
  const byId = new Map(enis.map((eni) => [eni.id, eni]));
  return world.map((node) => ({ ...node, enis: node.enis.map((eni) => byId.get(eni.id) ?? eni) }));
}

/** One reconcile of one node: its plan, and the take-overs that the rule allows. */
export function reconciled(
  world: readonly PlanInput[],
  index: number,
  at: number,
): { readonly world: readonly PlanInput[]; readonly took: readonly Took[] } {
  const node = world[index];
  if (node === undefined) return { world, took: [] };
  const result = acted(enisOf(world), node, planOf(node), at);
  let now: readonly PlanInput[] = withEnis(
    world.map((each) => (each === node ? result.node : each)),
    result.enis,
  );
  const took: Took[] = [];
  for (const { address, eniId: wantedOn, claim: speaker, rivals } of result.refused) {
    const from = now.find(({ enis }) => enis.some((eni) => hasAddress(eni, address)));
    const fromEni = from?.enis.find((eni) => hasAddress(eni, address));
    if (from === undefined || fromEni === undefined) continue;
    const { eniId, taker: claim } = decidePassing(
      {
        cluster: 'demo',
        address,
        eni: fromEni,
        ledgers: from.ledgers,
        holderNode: from,
        stranded: [],
        unassigns: true,
        canRecord: isUsable(node.ledgers, wantedOn),
      },
      speaker,
      rivals,
    );
    const own = enisOf(now).find(({ id }) => id === eniId);
    if (claim === undefined || own === undefined) continue;
    if (roomOf(own, familyOf(address), node.limits) <= 0) {
      // What waits got the speaker's place here. A rival whose ENI is full would lose the address to anybody.
      expect(claim.eniId).toBe(speaker.eniId);
      continue;
    }
    took.push({ address, claim, by: node, from, fromEni });
    const freed = unassign(enisOf(now), fromEni.id, address);
    now = withEnis(now, assign(freed, own.id, address, node.limits) ?? freed);
    now = now.map((each) => {
      if (each.enis.some(({ id }) => id === fromEni.id)) {
        const left = { state: 'releasing', at } as const;
        return withEntry(each, fromEni.id, address, (before) => ({ ...before, ...left }));
      }
      if (!each.enis.some(({ id }) => id === own.id)) return each;
      return withEntry(each, own.id, address, () => ({ state: 'assigned', at, pod: claim.pod }));
    });
  }
  return { world: now, took };
}

/** Each node reconciles once; `turn` says when. */
export function round(world: readonly PlanInput[], turn: number) {
  const took: Took[] = [];
  let now = world;
  for (const index of world.keys()) {
    const step = reconciled(now, index, turn * ROUND_MS);
    now = step.world;
    took.push(...step.took);
  }
  return { world: now, took };
}
