import * as z from 'zod';
import { NETWORK_ANNOTATIONS } from '../claims/annotations.ts';
import type { NetworkAttachmentDefinition } from './kubernetes.ts';
import { annotations, parseObject, pick } from './malformed.ts';

/** https://github.com/k8snetworkplumbingwg/multi-net-spec: the CRD's group, version and plural. */
export const NETWORKS = {
  group: 'k8s.cni.cncf.io',
  version: 'v1',
  plural: 'network-attachment-definitions',
} as const;

const network = z.object({
  metadata: z.object({
    namespace: z.string().min(1),
    name: z.string().min(1),
    annotations,
  }),
  // Not every release of the CRD has a schema: a spec can be anything. One that is
  // no text gives out no range and names no master; the network still counts.
  spec: z
    .object({ config: z.string().optional().catch(undefined) })
    .nullish()
    .catch(undefined),
});

/**
 * What is kept of a NetworkAttachmentDefinition object.
 *
 * @throws MalformedObject
 */
export function networkFromObject(object: unknown): NetworkAttachmentDefinition {
  const { metadata, spec } = parseObject('NetworkAttachmentDefinition', network, object);
  return {
    namespace: metadata.namespace,
    name: metadata.name,
    ...(spec?.config === undefined ? {} : { config: spec.config }),
    annotations: pick(metadata.annotations, NETWORK_ANNOTATIONS),
  };
}
