import { expect, test } from 'vitest';
import { within } from '../../../../shared/claims/ranges.ts';
import { NO_LEDGERS } from '../../../../shared/plan/ledger.ts';
import { eni, planInput, planOf, rangeList, ranges } from './fixtures.ts';

/** What is wanted with each address of an ENI that no pod claims and no ledger has. */
function wantedOf(secondary: readonly string[], ours: readonly string[], bounds?: string[]) {
  const input = planInput({ enis: [eni({ secondary })], ranges: ranges([], bounds) });
  const isOurs = within(rangeList(...ours));
  const { verdicts } = planOf({ ...input, ledgers: NO_LEDGERS, isOurs });
  return Object.fromEntries(verdicts.map(({ address, want }) => [address, want]));
}

test('what the configuration makes ours is released though no ledger has it, and nothing else', () => {
  expect(wantedOf(['172.16.1.70', '172.16.1.80'], ['172.16.1.70-172.16.1.79'])).toEqual({
    '172.16.1.70': 'release',
    '172.16.1.80': 'foreign',
  });
});

test('what lies outside the configured ranges is not released, whatever is ours', () => {
  expect(wantedOf(['172.16.1.70'], ['172.16.1.0/24'], ['172.16.3.0/24'])).toEqual({
    '172.16.1.70': 'foreign',
  });
});

test('an ENI’s first IPv6 address stays, as it may be the worker’s own', () => {
  expect(wantedOf(['2001:db8:0:1::a', '2001:db8:0:1::b'], ['2001:db8:0:1::/64'])).toEqual({
    '2001:db8:0:1::a': 'foreign',
    '2001:db8:0:1::b': 'release',
  });
});
