import * as z from 'zod';
import type { Node } from './kubernetes.ts';
import { parseObject } from './malformed.ts';

const INSTANCE_TYPE = 'node.kubernetes.io/instance-type';

const node = z.object({
  metadata: z.object({
    name: z.string().min(1),
    uid: z.string().min(1),
    labels: z.record(z.string(), z.string()).nullish(),
  }),
  spec: z.object({ providerID: z.string().nullish() }).nullish(),
});

/**
 * What is kept of a Node object, as the API server or a watch gives it.
 *
 * @throws MalformedObjectError. A caller that lists must not go on without that Node: its
 *   ENIs would look like nobody's.
 */
export function nodeFromObject(object: unknown): Node {
  const { metadata, spec } = parseObject('Node', node, object);
  const providerId = spec?.providerID ?? '';
  const instanceId = instanceIdOf(providerId);
  const instanceType = metadata.labels?.[INSTANCE_TYPE];
  return {
    name: metadata.name,
    uid: metadata.uid,
    ...(instanceId === undefined ? {} : { instanceId }),
    ...(isOutsideEc2(providerId) ? { outsideEc2: true } : {}),
    ...(instanceType === undefined ? {} : { instanceType }),
  };
}

/**
 * The EC2 instance in a providerID such as `aws:///us-east-1a/i-0123456789abcdef0`.
 * Fargate (`aws:///us-east-1a/<id>/fargate-ip-…`) and hybrid nodes (`eks-hybrid:///…/mi-…`)
 * name none.
 */
function instanceIdOf(providerId: string): string | undefined {
  return /^aws:\/\/.*\/(i-[0-9a-f]{1,32})$/.exec(providerId)?.[1];
}

/** An instance id that cannot be read is one of EC2's all the same. */
function isOutsideEc2(providerId: string): boolean {
  return providerId !== '' && !/^aws:\/\/.*\/i-/.test(providerId);
}
