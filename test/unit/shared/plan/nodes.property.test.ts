import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { familyOf } from '../../../../shared/address.ts';
import { entryOf } from '../../../../shared/plan/ledger.ts';
import { type Claimed, claimsOf, mayPass, rightful } from '../../../support/oracle/rightful.ts';
import { ADDRESSES, nodes } from './arbitraries.ts';
import { hasAddress, mayBeElsewhere, roomOf, saidOf } from './ec2-model.ts';
import type { PlanInput } from './fixtures.ts';
import { enisOf, placements, ROUNDS, round, type Took } from './turns.ts';

const cluster = nodes({ min: 2, max: 3 });
const RUNS = { numRuns: 400 };
/** The live pods that the taken address belonged to, and the taker, by the rules as stated anew. */
function partiesOf({ address, by, claim, from, fromEni }: Took) {
  const holders = rightful(claimsOf(from, address), fromEni.id, saidOf(from, address));
  const taker = claimsOf(by, address).find(({ pod }) => pod.pod.uid === claim.pod.uid);
  return { holders, taker };
}

const passes = (taker: Claimed | undefined) => (holder: Claimed) =>
  taker !== undefined && mayPass(holder, taker);

describe('on any nodes that reconcile in turns', () => {
  it('no address is taken from a live holder but to whom it passes on, nor what no ledger has', () => {
    fc.assert(
      fc.property(cluster, (start) => {
        let world: readonly PlanInput[] = start;
        for (let turn = 0; turn < 3; turn += 1) {
          const step = round(world, turn);
          for (const each of step.took) {
            const { holders, taker } = partiesOf(each);
            expect(each.fromEni.managed).toBe(true);
            expect(taker?.pod.terminating).toBe(false);
            expect(entryOf(each.from.ledgers, each.fromEni.id, each.address)).toBeDefined();
            if (holders.length > 0) expect(holders.some(passes(taker))).toBe(true);
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
        for (let turn = 0; turn < ROUNDS; turn += 1) world = round(world, turn).world;
        const again = round(world, ROUNDS);
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
        for (let turn = 0; turn < ROUNDS; turn += 1) world = round(world, turn).world;
        for (const address of ADDRESSES) {
          const entitled = world.flatMap((node) =>
            rightful(claimsOf(node, address), undefined, saidOf(node, address)),
          );
          const free = entitled.some(({ pod, eni }) => {
            const node = world.find((each) => each.node === pod.node);
            const there = node?.enis.find(({ id }) => id === eni?.id);
            // A terminating pod acquires nothing; it may speak for what an old read does not show.
            if (pod.terminating) return false;
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
        for (const { address, claim, from, fromEni } of round(start, 0).took) {
          const all = claimsOf(from, address);
          const named = all.filter((each) => each.claim.recordedOn?.includes(fromEni.id));
          const there = named.length > 0 ? named : all.filter(({ eni }) => eni?.id === fromEni.id);
          if (there.length === 0) continue;
          expect(there.map(({ pod }) => pod.pod.namespace)).toContain(claim.pod.namespace);
        }
      }),
      RUNS,
    );
  });

  it('a live pod that a ledger names for what EC2 shows is never left for another namespace', () => {
    fc.assert(
      fc.property(cluster, (start) => {
        const { world } = round(start, 0);
        for (const before of start) {
          for (const eni of before.enis) {
            for (const address of eni.secondary) {
              if (mayBeElsewhere(before, eni.id, address)) continue;
              const uid = entryOf(before.ledgers, eni.id, address)?.pod?.uid;
              const named = claimsOf(before, address).find(({ pod }) => pod.pod.uid === uid);
              if (named === undefined) continue;
              const after = enisOf(world).find(({ secondary }) => secondary.includes(address));
              const node = world.find(({ enis }) => enis.some((each) => each === after));
              const entry = node && after && entryOf(node.ledgers, after.id, address);
              // If no ledger could be written, nobody is named.
              if (entry?.pod === undefined) continue;
              expect(entry.pod.namespace).toBe(named.pod.pod.namespace);
            }
          }
        }
      }),
      RUNS,
    );
  });
});
