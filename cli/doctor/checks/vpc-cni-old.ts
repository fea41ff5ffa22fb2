import { eniName } from '../../view/text.ts';
import type { Check } from '../check.ts';
import { isOlder, versionOf } from '../versions.ts';

/** Since then it starts beside an ENI without IPv4 (amazon-vpc-cni-k8s, pull request 3681). */
const LEAST = '1.23.1';

/** A VPC CNI that does not start beside a Multus ENI of IPv6 alone. */
export const vpcCniOld: Check = {
  code: 'ME403',
  name: 'vpc-cni-old',
  reason: 'aws-node does not start where an ENI has no IPv4 address, and the node gets no pods.',
  fix: `Update the VPC CNI to ${LEAST} or later.`,
  source: 'https://github.com/aws/amazon-vpc-cni-k8s/issues/2386',
  asks: 'cluster',
  find({ view, systemPods = [] }) {
    if (view === undefined) return [];
    return systemPods.flatMap(({ of, node = '', images }) => {
      if (of !== 'vpc-cni') return [];
      const versions = images.filter((image) => /amazon-k8s-cni:/.test(image)).map(versionOf);
      const [version] = versions.filter((each) => each !== undefined);
      if (version === undefined || !isOlder(version, LEAST)) return [];
      const enis = view.nodes.get(node)?.state.enis ?? [];
      return enis
        .filter(({ managed, primary, secondary }) => {
          const addresses = [...primary, ...secondary];
          return managed && addresses.length > 0 && addresses.every((each) => each.includes(':'));
        })
        .map((eni) => ({
          about: node,
          text: `${node} has the VPC CNI ${version}, and ${eniName(eni)} has no IPv4 address`,
        }));
    });
  },
};
