import { eniName } from '../../view/text.ts';
import type { Check } from '../check.ts';

/** A managed ENI that no tag says to be of this cluster. */
export const eniWithoutCluster: Check = {
  code: 'ME102',
  name: 'eni-without-cluster',
  reason: 'Once its node is gone, nobody knows whose the ENI is, and its addresses stay on it.',
  fix: 'Tag the ENI cluster.k8s.amazonaws.com/name=<cluster>, or kubernetes.io/cluster/<cluster>.',
  source: 'docs/design.md, "Which ENIs are a cluster’s"',
  asks: 'cluster',
  find({ view }) {
    if (view === undefined) return [];
    return [...view.nodes].flatMap(([name, { state }]) =>
      state.enis
        .filter(({ managed, clusters }) => managed && !clusters.includes(view.cluster))
        .map((eni) => ({
          about: eni.id,
          text: `${eniName(eni)} of ${name} has no tag that names ${view.cluster}`,
        })),
    );
  },
};
