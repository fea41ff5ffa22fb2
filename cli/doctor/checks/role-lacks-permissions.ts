import type { Check } from '../check.ts';
import { ifKnown } from '../maybe-known.ts';
import { ofStage } from '../stage/of-stage.ts';

/** Something that IAM does not let a function's role do. */
export const roleLacksPermissions: Check = {
  code: 'ME507',
  name: 'role-lacks-permissions',
  reason: 'The function is refused what it needs: no ENI is read, or no address assigned.',
  fix: 'Deploy the stack again; and look at permissions boundaries and service control policies.',
  source: 'https://docs.aws.amazon.com/IAM/latest/APIReference/API_SimulatePrincipalPolicy.html',
  asks: 'installed',
  find: ({ stage }) =>
    ofStage(stage, ({ denied }) =>
      ifKnown(denied, (all) =>
        all.map(({ roleArn, action, resourceArn }) => ({
          about: roleArn,
          text: `${roleArn} may not ${action}${resourceArn ? ` on ${resourceArn}` : ''}`,
        })),
      ),
    ),
};
