import type { EC2Client } from '@aws-sdk/client-ec2';

/** The SDK's EC2 client, of which only `send` is used: so any single call can be wrapped. */
export type Ec2 = Pick<EC2Client, 'send'>;

/** `key=value` of the tag that marks an ENI as ours to manage. */
export interface ManagedTag {
  readonly key: string;
  readonly value: string;
}

/**
 * The VPC CNI's own mark for an ENI that it leaves alone
 * (https://github.com/aws/amazon-vpc-cni-k8s, "node.k8s.amazonaws.com/no_manage").
 */
export const DEFAULT_MANAGED_TAG: ManagedTag = {
  key: 'node.k8s.amazonaws.com/no_manage',
  value: 'true',
};

/** Reads `key=value`; `undefined` for anything else. The value may have `=` in it, the key not. */
export function parseManagedTag(text: string): ManagedTag | undefined {
  const [key, ...value] = text.split('=');
  return key && value.length > 0 ? { key, value: value.join('=') } : undefined;
}
