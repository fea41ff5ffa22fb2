import * as z from 'zod';
import type { Node } from './kubernetes.ts';
import { parseObject } from './malformed.ts';
import { advertisedRoom } from './room-resources.ts';

const INSTANCE_TYPE = 'node.kubernetes.io/instance-type';

const metadata = z.object({
  name: z.string().min(1),
  uid: z.string().min(1),
  resourceVersion: z.string().nullish(),
  labels: z.record(z.string(), z.string()).nullish(),
});
const nodeWithMetadata = z.object({ metadata });
const nodeWithSpec = z.object({ spec: z.object({ providerID: z.string().nullish() }).nullish() });

/** What is kept of a Node's metadata. */
export interface NodeMetadata extends Pick<Node, 'name' | 'uid' | 'instanceType'> {
  /** Changes with every change of the Node; absent if nobody says. */
  readonly resourceVersion?: string;
}

/** @throws MalformedObjectError */
export function nodeMetadataFromObject(object: unknown): NodeMetadata {
  const { name, uid, resourceVersion, labels } = parseObject(
    'Node',
    nodeWithMetadata,
    object,
  ).metadata;
  const instanceType = labels?.[INSTANCE_TYPE];
  return {
    name,
    uid,
    ...(resourceVersion ? { resourceVersion } : {}),
    ...(instanceType === undefined ? {} : { instanceType }),
  };
}

/** @returns `spec.providerID`, empty if there is none. @throws MalformedObjectError */
export function providerIdFromObject(object: unknown): string {
  return parseObject('Node', nodeWithSpec, object).spec?.providerID ?? '';
}

export function nodeOf({ resourceVersion: _, ...kept }: NodeMetadata, providerId: string): Node {
  const instanceId = instanceIdOf(providerId);
  return {
    ...kept,
    ...(instanceId === undefined ? {} : { instanceId }),
    ...(isOutsideEc2(providerId) ? { outsideEc2: true } : {}),
  };
}

/**
 * What is kept of a Node object, as the API server or a watch gives it.
 *
 * @throws MalformedObjectError. A caller that lists must not go on without that Node: its
 *   ENIs would look like nobody's.
 */
export function nodeFromObject(object: unknown): Node {
  const advertised = advertisedRoom(object);
  return {
    ...nodeOf(nodeMetadataFromObject(object), providerIdFromObject(object)),
    ...(advertised === undefined ? {} : { advertised }),
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
