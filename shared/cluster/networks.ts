import * as z from 'zod';
import { NETWORK_ANNOTATIONS } from './annotations.ts';
import type { NetworkAttachmentDefinition } from './kubernetes.ts';
import { annotations, parseObject, pick } from './malformed.ts';
import { ROOM_LABEL } from './room-resources.ts';

/** https://github.com/k8snetworkplumbingwg/multi-net-spec: the CRD's group, version and plural. */
export const NETWORK_DEFINITIONS = {
  group: 'k8s.cni.cncf.io',
  version: 'v1',
  plural: 'network-attachment-definitions',
} as const;

const network = z.object({
  metadata: z.object({
    namespace: z.string().min(1),
    name: z.string().min(1),
    uid: z.string().min(1),
    annotations,
    labels: annotations.catch(undefined),
  }),
  // Not every release of the CRD has a schema: a spec can be anything, and so can what is in it.
  spec: z.unknown(),
});
const specification = z.object({ config: z.unknown().optional() }).nullish();

/**
 * What is kept of a NetworkAttachmentDefinition object.
 *
 * @throws MalformedObjectError
 */
export function networkFromObject(object: unknown): NetworkAttachmentDefinition {
  const { metadata, spec } = parseObject('NetworkAttachmentDefinition', network, object);
  return {
    namespace: metadata.namespace,
    name: metadata.name,
    uid: metadata.uid,
    ...configOf(spec),
    ...(metadata.labels?.[ROOM_LABEL] === 'enabled' ? { advertised: true } : {}),
    annotations: pick(metadata.annotations, NETWORK_ANNOTATIONS),
  };
}

/** A spec that is no object is no readable configuration either, and is told as one. */
function configOf(spec: unknown): { readonly config?: unknown } {
  const read = specification.safeParse(spec);
  const config = read.success ? read.data?.config : spec;
  return config === undefined || config === null ? {} : { config };
}
