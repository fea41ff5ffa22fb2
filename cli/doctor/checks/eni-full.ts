import { foundIn } from '../../../shared/drift/drift.ts';
import { podName } from '../../view/text.ts';
import type { Check } from '../check.ts';

/** An ENI without room for what its pods claim. */
export const eniFull: Check = {
  code: 'ME302',
  name: 'eni-full',
  reason: 'An ENI has as many addresses as its instance type allows, and pods wait for one.',
  fix: 'Spread the pods, use a larger instance type, or free addresses that are foreign.',
  source: 'Amazon EC2 User Guide, "IP addresses per network interface per instance type"',
  asks: 'cluster',
  find({ view }) {
    if (view === undefined) return [];
    return [...view.nodes].flatMap(([name, { drift }]) =>
      foundIn(drift).full.flatMap((problem) =>
        problem.kind === 'eni-full'
          ? [
              {
                about: problem.eniId,
                text: `${problem.eniId} of ${name} is full: ${podName(problem.pod)} waits for ${problem.address}`,
              },
            ]
          : [],
      ),
    );
  },
};
