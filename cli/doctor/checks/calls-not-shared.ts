import type { Check } from '../check.ts';
import { ifKnown } from '../maybe-known.ts';
import { ofStage } from '../stage/of-stage.ts';

/** From so many times the executions that each counts with on, bursts waste much (docs/clusters.md). */
const MANY = 4;

/** Clusters that joined bring executions of which the others do not know. */
export const callsNotShared: Check = {
  code: 'ME305',
  name: 'calls-not-shared',
  reason:
    'Clusters that burst together have EC2 throttle each other, and their pods wait longer for addresses.',
  fix: 'ec2: { budgetTable: true } in config/<stage>.yml, and deploy: all executions book their calls in one table.',
  source: 'docs/clusters.md, "Clusters that burst together"',
  asks: 'installed',
  find: ({ stage }) =>
    ofStage(stage, ({ allMappings, writers, bookings, stage: about }) => {
      if (bookings !== undefined) return [];
      return ifKnown(allMappings, (all) => {
        const executions = all.reduce((sum, each) => sum + (each.concurrency ?? 0), 0);
        if (executions < MANY * writers) return [];
        const text = `${all.length} queues have up to ${executions} executions, and each takes 1/${writers} of EC2's calls to be its own`;
        return [{ about, text }];
      });
    }),
};
