import { count } from '../../output.ts';
import type { Check } from '../check.ts';
import { ifKnown } from '../maybe-known.ts';
import { ofStage } from '../stage/of-stage.ts';

/** Messages that were set aside, or could not be done for more than an hour. */
export const deadLetters: Check = {
  code: 'ME504',
  name: 'dead-letters',
  reason:
    'Each stands for a look at a node that was not done, or for something that sends what cannot be read.',
  fix: 'multus-eni replay list says why they are there; mend that, then multus-eni replay dlq.',
  source: 'docs/replay.md',
  asks: 'installed',
  find: ({ stage }) =>
    ofStage(stage, (facts) =>
      ifKnown(facts.deadLetters, (known) => {
        if (known === undefined) {
          const about = facts.queueUrl;
          return [{ about, text: `${about} has no dead-letter queue` }];
        }
        const { arn: about, messages } = known;
        return messages === 0
          ? []
          : [{ about, text: `${about} has ${count(messages, 'message')}` }];
      }),
    ),
};
