import { expect, test } from 'vitest';
import { pauseAfter } from '../../../../shared/time/back-off.ts';

const BACK_OFF = { first: 100, most: 1_000, jitter: 0.5 };

test('the pause doubles with each failure, up to the longest', () => {
  const pauses = [1, 2, 3, 4, 5, 1_000].map((failures) => pauseAfter(failures, BACK_OFF, () => 0));
  expect(pauses).toEqual([100, 200, 400, 800, 1_000, 1_000]);
});

test('chance takes off no more than its part', () => {
  expect(pauseAfter(1, BACK_OFF, () => 1)).toBe(50);
});
