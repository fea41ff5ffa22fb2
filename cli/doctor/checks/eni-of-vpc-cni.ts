import { eniName } from '../../view/text.ts';
import type { Check } from '../check.ts';
import { mastersIn } from '../masters.ts';

/** An ENI that the VPC CNI made for its own warm pool, where a definition expects one of Multus. */
export const eniOfVpcCni: Check = {
  code: 'ME106',
  name: 'eni-of-vpc-cni',
  reason: 'The VPC CNI keeps ENIs and addresses warm for ordinary pods: on this one are theirs.',
  fix: 'Do not tag it. Attach the Multus ENIs before aws-node runs, or have it keep off (MAX_ENI, WARM_ENI_TARGET), and replace the node.',
  source: 'https://github.com/aws/amazon-vpc-cni-k8s/blob/master/docs/eni-and-ip-target.md',
  asks: 'cluster',
  find({ view, networks }) {
    if (view === undefined) return [];
    const indexes = new Set(mastersIn(networks).map(({ index }) => index));
    return [...view.nodes].flatMap(([name, { state }]) =>
      state.enis
        .filter(({ ofVpcCni }) => ofVpcCni)
        .filter(({ managed, deviceIndex }) => managed || indexes.has(deviceIndex ?? 0))
        .map((eni) => ({
          about: eni.id,
          text: `${eniName(eni)} of ${name} was made by the VPC CNI${eni.managed ? ', and is tagged' : ''}`,
        })),
    );
  },
};
