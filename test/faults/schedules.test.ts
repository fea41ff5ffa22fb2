import { expect, test } from 'vitest';
import { patience } from '../support/machine.ts';
import { racesText } from './report.ts';
import { runSchedules } from './schedules.ts';

/** `npm run test:faults` runs 5,000, its short form in CI 1,000. */
const SCHEDULES = 30;

test('pods come and go, calls fail and events get lost, in any order', {
  timeout: patience(300_000),
}, async () => {
  const seed = Date.now() % 2 ** 31;
  const { schedules, races, failure } = await runSchedules({ schedules: SCHEDULES, seed });
  console.log(`${schedules} random schedules of seed ${seed}; ${racesText(races)}`);
  expect(failure).toBeUndefined();
  expect(schedules).toBe(SCHEDULES);
});
