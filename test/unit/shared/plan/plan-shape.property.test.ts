import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { wanting } from '../../../../shared/plan/verdict.ts';
import { node } from './arbitraries.ts';
import { isOver, settled } from './ec2-model.ts';
import { planOf } from './fixtures.ts';
import { linesOf } from './lines.ts';

const RUNS = { numRuns: 700 };

describe('on any node, a plan', () => {
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
        expect(linesOf(planOf({ ...input, enis, pods: turned }))).toEqual(linesOf(planOf(input)));
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
        const { verdicts } = planOf(input);
        const decided = wanting(verdicts, 'keep', 'assign', 'move', 'release', 'foreign');
        const addresses = decided.map(({ address }) => address);
        expect(new Set(addresses).size).toBe(addresses.length);
      }),
      RUNS,
    );
  });
});
