import { eniName } from '../../view/text.ts';
import type { Check } from '../check.ts';

/** An ENI of a node's instance that is tagged for other clusters only. */
export const eniOfOtherCluster: Check = {
  code: 'ME107',
  name: 'eni-of-other-cluster',
  reason: 'An ENI that is tagged for other clusters is left alone, and its pods get no address.',
  fix: 'If the instance is of this cluster, correct the tags of its ENIs, in the launch template too. Otherwise delete the Node.',
  source: 'docs/design.md, rule 4',
  asks: 'cluster',
  find({ view }) {
    if (view === undefined) return [];
    return [...view.nodes].flatMap(([name, { state }]) =>
      state.enis
        .filter((eni) => eni.ofOtherCluster && eni.deviceIndex !== 0 && !eni.ofVpcCni)
        .map((eni) => ({
          about: eni.id,
          text: `${eniName(eni)} of ${name} is tagged for ${eni.clusters.join(' and ')}, and not for ${view.cluster}`,
        })),
    );
  },
};
