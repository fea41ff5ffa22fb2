import { KUBERNETES_GROUP } from '../../../shared/cluster/errors.ts';
import type { Check } from '../check.ts';
import { ifKnown } from '../maybe-known.ts';

/** Something that the cluster does not let the functions' group do. */
export const rightsLacking: Check = {
  code: 'ME506',
  name: 'rights-lacking',
  reason: 'The functions fail where they need it: they read no pods, or tell none.',
  fix: 'kubectl apply -k deploy/overlays/<cluster>, or the chart: both bind the ClusterRole multus-eni-reconciler.',
  source: 'deploy/base/functions-rbac.yaml',
  asks: 'installed',
  find({ lacking }) {
    if (lacking === undefined) return [];
    return ifKnown(lacking, (rights) =>
      rights.map((right) => ({
        about: right,
        text: `the group ${KUBERNETES_GROUP} may not ${right}`,
      })),
    );
  },
};
