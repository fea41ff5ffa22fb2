import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type Address, familyOf } from '../../../../shared/address.ts';
import type { Eni } from '../../../../shared/enis/eni.ts';
import { decideTakeOver } from '../../../../shared/plan/conflict.ts';
import type { Assignment } from '../../../../shared/plan/decision.ts';
import { type PlanInput, plan } from '../../../../shared/plan/plan.ts';
import { type Claimed, claimsOf, mayPass, rightful } from '../../../support/oracle/rightful.ts';
import { ADDRESSES, nodes } from './arbitraries.ts';
import { applied, assign, hasAddress, roomOf, unassign, withConditions } from './ec2-model.ts';

/**
 * Several nodes that reconcile in turns, each step whole: what the interleaving of calls adds is
 * tested with the schedules.
 */

const cluster = nodes({ min: 2, max: 3 });
const RUNS = { numRuns: 400 };
const ROUNDS = 6;

interface Took {
  readonly address: Address;
  readonly claim: Assignment['claim'];
  readonly by: PlanInput;
  /** The node that it was taken from, as it was. */
  readonly from: PlanInput;
  readonly fromEni: Eni;
}

const enisOf = (world: readonly PlanInput[]): Eni[] => world.flatMap(({ enis }) => enis);

function withEnis(world: readonly PlanInput[], enis: readonly Eni[]): PlanInput[] {
  const byId = new Map(enis.map((eni) => [eni.id, eni]));
  return world.map((node) => ({ ...node, enis: node.enis.map((eni) => byId.get(eni.id) ?? eni) }));
}

/** One reconcile of one node: its plan, and the take-overs that the rule allows. */
function reconciled(
  world: readonly PlanInput[],
  index: number,
): { readonly world: readonly PlanInput[]; readonly took: readonly Took[] } {
  const node = world[index];
  if (node === undefined) return { world, took: [] };
  const result = applied(enisOf(world), plan(node), node.limits);
  let now: readonly PlanInput[] = withEnis(world, result.enis);
  const took: Took[] = [];
  for (const { address, eniId, claim } of result.refused) {
    const from = now.find(({ enis }) => enis.some((eni) => hasAddress(eni, address)));
    const fromEni = from?.enis.find((eni) => hasAddress(eni, address));
    const own = enisOf(now).find(({ id }) => id === eniId);
    if (from === undefined || fromEni === undefined || own === undefined) continue;
    const decision = decideTakeOver({
      cluster: 'demo',
      address,
      claimant: claim,
      eni: fromEni,
      holderNode: from,
      stranded: [],
      ranges: node.ranges,
      unassigns: true,
    });
    if (decision.kind !== 'take' || roomOf(own, familyOf(address), node.limits) <= 0) continue;
    took.push({ address, claim, by: node, from, fromEni });
    const freed = unassign(enisOf(now), fromEni.id, address);
    now = withEnis(now, assign(freed, eniId, address, node.limits) ?? freed);
  }
  const told = now.map((each, at) => (at === index ? withConditions(each) : each));
  return { world: told.map((each) => ({ ...each, named: new Set() })), took };
}

function round(world: readonly PlanInput[]) {
  const took: Took[] = [];
  let now = world;
  for (const index of world.keys()) {
    const step = reconciled(now, index);
    now = step.world;
    took.push(...step.took);
  }
  return { world: now, took };
}

const placements = (world: readonly PlanInput[]): string[] =>
  enisOf(world).map(({ id, secondary }) => `${id}: ${[...secondary].sort().join(' ')}`);

/** The live pods that the taken address belonged to, and the taker, by the rules as stated anew. */
function partiesOf({ address, by, claim, from, fromEni }: Took) {
  const holders = rightful(claimsOf(from, address), fromEni.id);
  const taker = claimsOf(by, address).find(({ pod }) => pod.pod.uid === claim.pod.uid);
  return { holders, taker };
}

const passes = (taker: Claimed | undefined) => (holder: Claimed) =>
  taker !== undefined && mayPass(holder, taker);

describe('on any nodes that reconcile in turns', () => {
  it('no address is taken from a live holder but to whom it passes on', () => {
    fc.assert(
      fc.property(cluster, (start) => {
        let world: readonly PlanInput[] = start;
        for (let turn = 0; turn < 3; turn += 1) {
          const step = round(world);
          for (const each of step.took) {
            const { holders, taker } = partiesOf(each);
            expect(each.fromEni.managed).toBe(true);
            expect(taker?.pod.terminating).toBe(false);
            if (holders.length > 0) expect(holders.some(passes(taker))).toBe(true);
            else expect(each.by.ranges.includes(each.address)).toBe(true);
          }
          world = step.world;
        }
      }),
      RUNS,
    );
  });

  it('everything comes to rest within a few rounds, and stays so', () => {
    fc.assert(
      fc.property(cluster, (start) => {
        let world: readonly PlanInput[] = start;
        for (let turn = 0; turn < ROUNDS; turn += 1) world = round(world).world;
        const again = round(world);
        expect(again.took).toEqual([]);
        expect(placements(again.world)).toEqual(placements(world));
      }),
      RUNS,
    );
  });

  it('an address that somebody may have is with somebody in the end, unless its ENI is full', () => {
    fc.assert(
      fc.property(cluster, (start) => {
        let world: readonly PlanInput[] = start;
        for (let turn = 0; turn < ROUNDS; turn += 1) world = round(world).world;
        for (const address of ADDRESSES) {
          const entitled = world.flatMap((node) => rightful(claimsOf(node, address), undefined));
          const free = entitled.some(({ pod, eni }) => {
            const node = world.find((each) => each.node === pod.node);
            const there = node?.enis.find(({ id }) => id === eni?.id);
            return there && roomOf(there, familyOf(address), node?.limits) > 0;
          });
          if (free) expect(enisOf(world).some((eni) => hasAddress(eni, address))).toBe(true);
        }
      }),
      RUNS,
    );
  });

  it('a pod of one namespace never ends up with what a live pod of another had', () => {
    fc.assert(
      fc.property(cluster, (start) => {
        for (const { address, claim, from, fromEni } of round(start).took) {
          const there = claimsOf(from, address).filter(({ claim: { assignedTo }, eni }) =>
            [assignedTo, eni?.id].includes(fromEni.id),
          );
          if (there.length === 0) continue;
          expect(there.map(({ pod }) => pod.pod.namespace)).toContain(claim.pod.namespace);
        }
      }),
      RUNS,
    );
  });
});
