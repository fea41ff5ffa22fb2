import { KUBERNETES_GROUP } from '../../../shared/cluster/errors.ts';
import type { Check } from '../check.ts';
import { ifKnown } from '../maybe-known.ts';
import { ofStage } from '../stage/of-stage.ts';

/** A role of the functions that the cluster does not know, or not in our group. */
export const functionsNotAdmitted: Check = {
  code: 'ME505',
  name: 'functions-not-admitted',
  reason:
    'The API server refuses the functions: nothing of the cluster is read, and nothing assigned.',
  fix: `aws eks create-access-entry --kubernetes-groups ${KUBERNETES_GROUP}; or deploy the stack that serves the cluster.`,
  source: 'Amazon EKS User Guide, "Grant IAM users access to Kubernetes with EKS access entries"',
  asks: 'installed',
  find: ({ stage, view }) =>
    ofStage(stage, ({ cluster, groups }) =>
      ifKnown(cluster, ({ hasEntries }) => {
        if (!hasEntries) return { unasked: 'the cluster has the ConfigMap aws-auth only' };
        return ifKnown(groups, (all) =>
          [...all].flatMap(([role, of]) => {
            if (of?.includes(KUBERNETES_GROUP)) return [];
            const lacks = of === undefined ? 'has no access entry' : 'lacks the group';
            const where = `${role} ${lacks} in ${view?.cluster}`;
            return [
              { about: role, text: of === undefined ? where : `${where}: ${KUBERNETES_GROUP}` },
            ];
          }),
        );
      }),
    ),
};
