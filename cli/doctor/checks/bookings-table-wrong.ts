import { KEY } from '../../bookings-table.ts';
import type { Check } from '../check.ts';
import { ifKnown } from '../maybe-known.ts';
import { ofStage } from '../stage/of-stage.ts';

/** The table in which executions book EC2's calls is not there, or is another one. */
export const bookingsTableWrong: Check = {
  code: 'ME512',
  name: 'bookings-table-wrong',
  reason:
    'Each execution learns alone what of EC2’s calls is its own: clusters that burst together waste calls.',
  fix: 'Deploy the stage whose stack makes the table, or name a table of this account and Region in ec2.budgetTable.',
  source: 'docs/clusters.md, "Clusters that burst together"',
  asks: 'installed',
  find: ({ stage }) =>
    ofStage(stage, ({ bookings }) => {
      if (bookings === undefined) return [];
      const { name: about, region } = bookings;
      return ifKnown(bookings.key, (key) => {
        if (key === undefined) {
          return [{ about, text: `${region} has no table ${about} in this account` }];
        }
        if (key.join() === KEY) return [];
        return [{ about, text: `the key of the table ${about} is ${key.join(', ')}, not ${KEY}` }];
      });
    }),
};
