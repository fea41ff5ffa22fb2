import { rangeText } from '../../view/text.ts';
import type { Check } from '../check.ts';

/** Two definitions on different devices that give out the same addresses. */
export const rangesOverlap: Check = {
  code: 'ME204',
  name: 'ranges-overlap',
  reason: 'Two pods get one address, and only one of them has it.',
  fix: 'Give each definition a range of its own.',
  source: 'docs/design.md, "When two claim one address"',
  asks: 'manifests',
  find({ networks }) {
    const all = [...networks.values()].filter(({ ignored }) => !ignored);
    return all.flatMap((one, at) =>
      all.slice(at + 1).flatMap((other) =>
        one.ranges.flatMap((a) =>
          other.ranges
            .filter((b) => a.family === b.family && a.first <= b.last && b.first <= a.last)
            .filter(() => one.master !== other.master)
            .map((b) => ({
              about: one.network,
              text: `${one.network} (${rangeText(a)}) and ${other.network} (${rangeText(b)}) overlap, on ${one.master ?? 'no master'} and ${other.master ?? 'no master'}`,
            })),
        ),
      ),
    );
  },
};
