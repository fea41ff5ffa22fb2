import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type Assign, type Move, wanting } from '../../../../shared/plan/verdict.ts';
import { node } from './arbitraries.ts';
import { acted, settled } from './ec2-model.ts';
import { planOf } from './fixtures.ts';

const RUNS = { numRuns: 700 };

describe('on any node, what follows a plan', () => {
  it('leaves nothing to do for a second one if there is room for all', () => {
    fc.assert(
      fc.property(node, (limited) => {
        const input = { ...limited, limits: undefined };
        const first = planOf(input);
        const { node: after, refused } = acted(input.enis, input, first);
        // The pod's other addresses follow its attachments, of which one has passed to another pod.
        const losers = new Set(wanting(first.verdicts, 'refuse').map(({ pod }) => pod.uid));
        const second = planOf(after).verdicts;
        const isLeft = ({ claim }: Assign | Move) => !losers.has(claim.pod.uid);
        expect(wanting(second, 'move').filter(isLeft)).toEqual([]);
        expect(wanting(second, 'release')).toEqual([]);
        expect(wanting(second, 'keep').filter(({ again }) => again)).toEqual([]);
        const again = new Set(refused.map(({ address }) => address));
        const assigned = wanting(second, 'assign').filter(isLeft);
        expect(assigned.filter(({ address }) => !again.has(address))).toEqual([]);
      }),
      RUNS,
    );
  });

  it('reaches a state that it leaves as it is within one more, also on full ENIs', () => {
    fc.assert(
      fc.property(node, (input) => {
        let world = input;
        // Tombstones go meanwhile.
        for (let step = 0; step < 2; step += 1) world = settled(world, step * 180_000);
        expect(settled(world, 360_000).enis).toEqual(world.enis);
      }),
      RUNS,
    );
  });
});
