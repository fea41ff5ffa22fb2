import { ownerName } from '../../../shared/control.ts';
import type { Check } from '../check.ts';
import { ifKnown } from '../maybe-known.ts';
import { ofStage } from '../stage/of-stage.ts';

/** Another stage serves the cluster. */
export const stageOfAnother: Check = {
  code: 'ME511',
  name: 'stage-of-another',
  reason:
    'Two stages undo each other’s work; the functions of the one that does not own it write nothing.',
  fix: 'Take the cluster out of one of the two stages, and deploy that.',
  source: 'docs/decisions/0027-stops-and-owners-in-ssm.md',
  asks: 'installed',
  find: ({ stage, view }) =>
    ofStage(stage, ({ owner, stage: name }) =>
      ifKnown(owner, (known) => {
        const about = view?.cluster ?? '';
        if (known === undefined || known === name) return [];
        return [{ about, text: `${ownerName(about)} says that stage ${known} serves ${about}` }];
      }),
    ),
};
