import { eniName } from '../../view/text.ts';
import type { Check } from '../check.ts';
import { enisAt, mastersIn } from '../masters.ts';

/** An ENI that a definition's master names, and that is not managed. */
export const eniUntagged: Check = {
  code: 'ME101',
  name: 'eni-untagged',
  reason: 'Without the managed tag an ENI is left alone, and its pods get no address.',
  fix: 'Tag the ENI node.k8s.amazonaws.com/no_manage=true, in the launch template too.',
  source: 'docs/design.md, rule 4',
  asks: 'cluster',
  find({ view, networks }) {
    if (view === undefined) return [];
    const indexes = new Set(mastersIn(networks).map(({ index }) => index));
    return [...indexes]
      .flatMap((index) => enisAt(view, index))
      .filter(
        ({ eni }) => !eni.managed && eni.deviceIndex !== 0 && !eni.ofVpcCni && !eni.ofOtherCluster,
      )
      .map(({ name, node, eni }) => ({
        about: eni.id,
        text: `${eniName(eni)} of ${name} lacks the tag ${node.state.managedTag}`,
      }));
  },
};
