import type { Check } from '../check.ts';
import { ifKnown } from '../maybe-known.ts';
import { ofStage } from '../stage/of-stage.ts';

/** The account runs fewer executions at once than the functions need. */
export const concurrencyTooLow: Check = {
  code: 'ME303',
  name: 'concurrency-too-low',
  reason: 'Lambda throttles the functions: messages wait until others of the account are done.',
  fix: 'Have the quota raised (Service Quotas, AWS Lambda, "Concurrent executions"), or lower concurrency of the stage.',
  source: 'AWS Lambda Developer Guide, "Lambda quotas"',
  asks: 'installed',
  find: ({ stage }) =>
    ofStage(stage, ({ concurrency, mappings }) =>
      ifKnown(mappings, (all) =>
        ifKnown(concurrency, (limit) => {
          // And one for a sweep.
          const need = all.reduce((sum, each) => sum + (each.concurrency ?? 0), 1);
          if (limit >= need) return [];
          const text = `the account runs ${limit} executions at once, and ${need} are needed`;
          return [{ about: 'AWS Lambda', text }];
        }),
      ),
    ),
};
