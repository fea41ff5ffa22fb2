import type { Check } from '../check.ts';

/** The first look has become the last one. */
export const policyDryRun: Check = {
  code: 'ME516',
  name: 'policy-dry-run',
  reason: 'No address is assigned or released. Each pod that claims one is told DryRun.',
  fix: 'Look at multus-eni drift. Then set policy: sync in config/<stage>.yml, or Policy=sync of the stack of the cluster, and deploy.',
  source: 'docs/reference/settings.md; docs/design.md, "A dry run"',
  asks: 'installed',
  find({ view }) {
    // A stop is another thing, and is ended by another command.
    if (view?.policy.name !== 'dry-run' || !view.policy.tells) return [];
    return [{ about: view.cluster, text: `the policy of ${view.cluster} is dry-run` }];
  },
};
