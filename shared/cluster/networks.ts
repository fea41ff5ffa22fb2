import * as z from 'zod';
import { IGNORE, NETWORK_ANNOTATIONS, RANGES } from './annotations.ts';
import type { NetworkAttachmentDefinition } from './kubernetes.ts';
import { annotations, parseObject, pick } from './malformed.ts';
import type { NetworkMetadata } from './network-list.ts';
import { ROOM_LABEL } from './room-resources.ts';

/** https://github.com/k8snetworkplumbingwg/multi-net-spec: the CRD's group, version and plural. */
export const NETWORK_DEFINITIONS = {
  group: 'k8s.cni.cncf.io',
  version: 'v1',
  plural: 'network-attachment-definitions',
} as const;

/** The configuration of a network with 500 addresses, each named, has 20,000 characters; most have 500. */
const LONGEST_TEXT = 32_768;

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
  return { ...identityOf(metadata), ...keptOfNetwork(configOf(spec), metadata.annotations) };
}

function identityOf({ labels, name, namespace, uid }: z.output<typeof network>['metadata']) {
  const advertised = labels?.[ROOM_LABEL] === 'enabled';
  return { namespace, name, uid, ...(advertised && ({ advertised: true } as const)) };
}

const listed = z.object({
  metadata: network.shape.metadata.extend({ resourceVersion: z.string().nullish() }),
});

/** @throws MalformedObjectError */
export function networkMetadataFromObject(object: unknown): NetworkMetadata {
  const { metadata } = parseObject('NetworkAttachmentDefinition', listed, object);
  const { resourceVersion } = metadata;
  return {
    ...identityOf(metadata),
    annotations: keptOfNetwork(undefined, metadata.annotations).annotations,
    ...(resourceVersion ? { resourceVersion } : {}),
  };
}

/**
 * What is kept of a NetworkAttachmentDefinition's configuration and annotations: no text that is too long, and
 * no configuration that is no text. Every reconcile keeps those of all of a cluster's networks in memory.
 */
export function keptOfNetwork(
  config: unknown,
  all: Readonly<Record<string, string>> | null | undefined,
): Pick<NetworkAttachmentDefinition, 'config' | 'tooLong' | 'annotations'> {
  const annotations = pick(all, NETWORK_ANNOTATIONS);
  const texts = { 'spec.config': config, [`annotation ${RANGES}`]: annotations[RANGES] };
  for (const [name, text] of Object.entries(texts)) {
    if (typeof text !== 'string' || text.length <= LONGEST_TEXT) continue;
    const tooLong = `${name}: ${text.length} characters; at most ${LONGEST_TEXT} are read`;
    return { tooLong, annotations: pick(all, [IGNORE]) };
  }
  if (config === undefined || config === null) return { annotations };
  return { config: typeof config === 'string' ? config : null, annotations };
}

/** A spec that is no object is no readable configuration either, and is told as one. */
function configOf(spec: unknown): unknown {
  const read = specification.safeParse(spec);
  return read.success ? read.data?.config : spec;
}
