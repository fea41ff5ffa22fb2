import type { Check } from '../check.ts';
import { ifKnown } from '../maybe-known.ts';
import { ofStage } from '../stage/of-stage.ts';

/** What it is while it reads, or is about to. */
const READING = ['Enabled', 'Enabling', 'Creating', 'Updating'];

/** A queue that does not exist, or that no mapping reads for the function. */
export const queueNotRead: Check = {
  code: 'ME502',
  name: 'queue-not-read',
  reason: 'Messages of the forwarder wait, and no address is assigned or released.',
  fix: 'Deploy the stack again, or switch its event source mapping on (aws lambda update-event-source-mapping --enabled).',
  source: 'AWS Lambda Developer Guide, "Using Lambda with Amazon SQS"',
  asks: 'installed',
  find: ({ stage }) =>
    ofStage(stage, ({ queue, mappings, queueUrl: about }) =>
      ifKnown(queue, (known) => {
        if (known === undefined) return [{ about, text: `the queue ${about} does not exist` }];
        return ifKnown(mappings, (all) => {
          if (all.some(({ state }) => READING.includes(state))) return [];
          const [state = 'not there'] = all.map((each) => each.state);
          return [{ about, text: `the event source mapping of ${about} is ${state}` }];
        });
      }),
    ),
};
