import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type Address, familyOf } from '../../../../shared/address.ts';
import type { Eni } from '../../../../shared/enis/eni.ts';
import { type PlanInput, plan } from '../../../../shared/plan/plan.ts';
import { claimsOf, mayPass, rightful } from '../../../support/oracle/rightful.ts';
import { ADDRESSES, node } from './arbitraries.ts';
import { applied, hasAddress, isOver, roomOf, withConditions } from './ec2-model.ts';
import { linesOf } from './fixtures.ts';

const RUNS = { numRuns: 700 };

function holderOf(enis: readonly Eni[], address: Address): Eni | undefined {
  return enis.find((eni) => hasAddress(eni, address));
}

/** The node after the plan was applied to it, its messages done. */
function settled(input: PlanInput): PlanInput {
  const { enis } = applied(input.enis, plan(input), input.limits);
  return withConditions({ ...input, enis, named: new Set() });
}

const isClaimed = ({ pods }: PlanInput, address: Address): boolean =>
  pods.some(({ claims }) => claims.some((claim) => claim.address === address));

describe('on any node, a plan', () => {
  it('puts each address on the ENI of a pod that may have it, where there is room', () => {
    fc.assert(
      fc.property(node, (input) => {
        const { enis } = settled(input);
        for (const address of ADDRESSES) {
          const before = holderOf(input.enis, address);
          const now = holderOf(enis, address);
          const entitled = rightful(claimsOf(input, address), before?.id);
          if (entitled.length === 0 || (before && !before.managed)) continue;
          // It stays where it is for whom no other ENI fits, and nobody moves a terminating pod's.
          const served = entitled.some(
            ({ eni, pod }) => (pod.terminating ? before : (eni ?? before))?.id === now?.id,
          );
          const waits = entitled.some(({ eni }) => {
            const there = enis.find(({ id }) => id === eni?.id);
            return there && roomOf(there, familyOf(address), input.limits) <= 0;
          });
          expect(served || (waits && now?.id === before?.id), `${address}`).toBe(true);
        }
      }),
      RUNS,
    );
  });

  it('leaves what is not ours, and empties what nobody claims', () => {
    fc.assert(
      fc.property(node, (input) => {
        const { enis } = settled(input);
        for (const before of input.enis) {
          const now = enis.find(({ id }) => id === before.id);
          expect(now?.primary).toEqual(before.primary);
          expect(now?.prefixes).toEqual(before.prefixes);
          if (!before.managed) expect(now).toEqual(before);
          for (const address of before.secondary) {
            if (isClaimed(input, address) || !before.managed) continue;
            const { ranges, named } = input;
            const [firstIpv6] = before.secondary.filter((each) => familyOf(each) === 6);
            const ours = ranges.includes(address) && address !== firstIpv6;
            const goes = ours || (named.has(address) && ranges.allows(address));
            expect(now?.secondary.includes(address), address).toBe(!goes);
          }
        }
      }),
      RUNS,
    );
  });

  it('releases no claimed, primary or unmanaged address, and none outside ranges that is not named', () => {
    fc.assert(
      fc.property(node, (input) => {
        const decided = plan(input);
        for (const { address, eniId } of [...decided.release, ...decided.releaseUnseen]) {
          const eni = input.enis.find(({ id }) => id === eniId);
          expect(isClaimed(input, address)).toBe(false);
          expect(eni?.managed).toBe(true);
          expect(input.enis.some(({ primary }) => primary.includes(address))).toBe(false);
          expect(input.ranges.allows(address)).toBe(true);
          expect(input.ranges.includes(address) || input.named.has(address)).toBe(true);
        }
      }),
      RUNS,
    );
  });

  it('takes no address from a live pod against the rule', () => {
    fc.assert(
      fc.property(node, (input) => {
        for (const { address, fromEniId, claim } of plan(input).move) {
          const all = claimsOf(input, address);
          // Whose ENI it is, and who was told to have it there, whatever ENI their claim fits now.
          const robbed = all.filter(({ claim: { assignedTo }, eni }) =>
            [eni?.id, assignedTo].includes(fromEniId),
          );
          if (robbed.length === 0) continue;
          const entitled = rightful(all, fromEniId);
          // Its own address, after its claim.
          if (claim.toldOn === fromEniId) continue;
          expect(entitled.map(({ pod }) => pod.pod.uid)).toContain(claim.pod.uid);
          expect(robbed.map(({ pod }) => pod.pod.namespace)).toContain(claim.pod.namespace);
          expect(claim.terminating).toBe(false);
          // Whoever loses it by name and age could have passed it on.
          const taker = all.find(({ pod }) => pod.pod.uid === claim.pod.uid);
          expect(taker && all.some((other) => mayPass(other, taker))).toBe(true);
        }
      }),
      RUNS,
    );
  });

  it('gives a terminating pod nothing', () => {
    fc.assert(
      fc.property(node, (input) => {
        const { assign, move } = plan(input);
        expect([...assign, ...move].filter(({ claim }) => claim.terminating)).toEqual([]);
      }),
      RUNS,
    );
  });

  it('leaves nothing to do for a second one, where there is room for all', () => {
    fc.assert(
      fc.property(node, (limited) => {
        const input = { ...limited, limits: undefined };
        const { refused } = applied(input.enis, plan(input));
        const second = plan(settled(input));
        expect(second.move).toEqual([]);
        expect(second.release).toEqual([]);
        const again = new Set(refused.map(({ address }) => address));
        expect(second.assign.filter(({ address }) => !again.has(address))).toEqual([]);
      }),
      RUNS,
    );
  });

  it('reaches a state that it leaves as it is within one more, also on full ENIs', () => {
    fc.assert(
      fc.property(node, (input) => {
        let world = input;
        for (let step = 0; step < 2; step += 1) world = settled(world);
        expect(settled(world).enis).toEqual(world.enis);
      }),
      RUNS,
    );
  });

  it('never exceeds what an ENI takes', () => {
    fc.assert(
      fc.property(node, (input) => {
        const { enis } = settled(input);
        const managed = enis.filter((eni) => eni.managed);
        expect(managed.filter((eni) => isOver(eni, input.limits))).toEqual([]);
      }),
      RUNS,
    );
  });

  it('is the same whatever the order of pods, claims and ENIs', () => {
    const shuffled = node.chain((input) =>
      fc.record({
        input: fc.constant(input),
        enis: fc.shuffledSubarray([...input.enis], { minLength: input.enis.length }),
        pods: fc.shuffledSubarray([...input.pods], { minLength: input.pods.length }),
      }),
    );
    fc.assert(
      fc.property(shuffled, ({ input, enis, pods }) => {
        const turned = pods.map((pod) => ({ ...pod, claims: pod.claims.toReversed() }));
        expect(linesOf(plan({ ...input, enis, pods: turned }))).toEqual(linesOf(plan(input)));
      }),
      RUNS,
    );
  });

  it('unassigns nothing under the policy upsert-only', () => {
    fc.assert(
      fc.property(node, (input) => {
        const { enis } = settled({ ...input, unassigns: false });
        for (const before of input.enis) {
          const now = enis.find(({ id }) => id === before.id);
          expect(now?.secondary).toEqual(expect.arrayContaining([...before.secondary]));
        }
      }),
      RUNS,
    );
  });

  it('decides once about each address of each ENI', () => {
    fc.assert(
      fc.property(node, (input) => {
        const { keep, assign, move, release, foreign } = plan(input);
        const addresses = [...keep, ...assign, ...move, ...release, ...foreign].map(
          ({ address }) => address,
        );
        expect(new Set(addresses).size).toBe(addresses.length);
      }),
      RUNS,
    );
  });
});
