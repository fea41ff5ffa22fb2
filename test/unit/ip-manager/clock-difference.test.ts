import { expect, test } from 'vitest';
import { aheadOf } from '../../../ip-manager/addresses/clock-difference.ts';

const DATE = 'Sat, 31 Jan 2026 12:00:00 GMT';
const NOON = Date.UTC(2026, 0, 31, 12);

test.each([
  ['clocks that agree', NOON + 300, NOON + 310, 0],
  ['the end of the second that Date tells', NOON + 1_000, NOON + 1_010, 0],
  ['an answer that was long under way', NOON - 5_000, NOON + 5_000, 0],
  ['a clock of ours that is an hour ahead', NOON + 3_601_000, NOON + 3_601_010, -3_600_000],
  ['a clock of ours that is an hour behind', NOON - 3_600_010, NOON - 3_600_000, 3_600_000],
])('%s', (_, asked, answered, ahead) => {
  expect(aheadOf(DATE, { asked, answered })).toBe(ahead);
});

test.each([undefined, '', 'yesterday'])('Date %j tells nothing', (date) => {
  expect(aheadOf(date, { asked: 0, answered: 0 })).toBe(0);
});
