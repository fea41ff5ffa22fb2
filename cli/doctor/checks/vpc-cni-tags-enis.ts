import * as z from 'zod';
import type { Check } from '../check.ts';

const tags = z.record(z.string(), z.string());

/** The VPC CNI sets the managed tag on its own ENIs. */
export const vpcCniTagsEnis: Check = {
  code: 'ME404',
  name: 'vpc-cni-tags-enis',
  reason:
    'Its own ENIs carry the managed tag then: it leaves them alone, and their addresses count as nobody’s.',
  fix: 'Take the tag out of ADDITIONAL_ENI_TAGS of the DaemonSet aws-node; set it where the Multus ENIs are made.',
  source: 'https://github.com/aws/amazon-vpc-cni-k8s#additional_eni_tags-v160',
  asks: 'cluster',
  find({ managedTag = '', systemPods = [] }) {
    const [key = '', ...value] = managedTag.split('=');
    const tagging = systemPods.filter(({ of, environment }) => {
      return of === 'vpc-cni' && tagsIn(environment.ADDITIONAL_ENI_TAGS)[key] === value.join('=');
    });
    if (tagging.length === 0) return [];
    const nodes = tagging.map(({ node }) => node).join(', ');
    return [{ about: 'aws-node', text: `ADDITIONAL_ENI_TAGS of aws-node has ${key}, on ${nodes}` }];
  },
};

function tagsIn(text = '{}'): Readonly<Record<string, string>> {
  try {
    return tags.catch({}).parse(JSON.parse(text));
  } catch {
    return {};
  }
}
