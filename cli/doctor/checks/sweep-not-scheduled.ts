import type { Check } from '../check.ts';
import { ifKnown } from '../maybe-known.ts';
import { ofStage } from '../stage/of-stage.ts';

/** No schedule has the cluster swept. */
export const sweepNotScheduled: Check = {
  code: 'ME503',
  name: 'sweep-not-scheduled',
  reason:
    'What a message missed is found by nobody: leaked addresses stay, missing ones are not seen.',
  fix: 'Deploy the stack again, or enable the schedule (aws scheduler update-schedule --state ENABLED).',
  source: 'docs/design.md, rule 1',
  asks: 'installed',
  find: ({ stage, view }) =>
    ofStage(stage, ({ schedules }) =>
      ifKnown(schedules, (all) => {
        if (all.some(({ isEnabled }) => isEnabled)) return [];
        const about = view?.cluster ?? '';
        if (all.length === 0) return [{ about, text: `no schedule has ${about} swept` }];
        return all.map(({ name }) => ({ about: name, text: `the schedule ${name} is disabled` }));
      }),
    ),
};
