import { cutToBytes } from '../text/cut-to-bytes.ts';
import type { EventToWrite } from './kubernetes.ts';
import { NETWORK_DEFINITIONS } from './networks.ts';

/** Who wrote it: the field manager of patches, the component of Events. */
export const FIELD_MANAGER = 'multus-eni-reconciler';

/** The Events API takes as much; core/v1 follows it here so that either shows the same. */
const MAX_MESSAGE_BYTES = 1024;
/** An object's name has at most 253 characters; a dot and what makes it unique take 37. */
const MAX_NAME_LENGTH = 253 - 37;
const NETWORKS_VERSION = `${NETWORK_DEFINITIONS.group}/${NETWORK_DEFINITIONS.version}`;
/** Events about objects without a namespace are kept in this one. */
const DEFAULT_NAMESPACE = 'default';

/** The core/v1 Event object for an event, named after what it regards and its id, or else `uuid`. */
export function coreEvent(event: EventToWrite & { readonly at: number }, uuid: string) {
  const { id = uuid, regarding } = event;
  const at = new Date(event.at);
  const namespace = regarding.kind === 'Node' ? undefined : regarding.namespace;
  const [stem = ''] = /^.*[a-z0-9]/s.exec(regarding.name.slice(0, MAX_NAME_LENGTH)) ?? [];
  return {
    metadata: { namespace: namespace ?? DEFAULT_NAMESPACE, name: `${stem}.${id}` },
    involvedObject: {
      apiVersion: regarding.kind === 'NetworkAttachmentDefinition' ? NETWORKS_VERSION : 'v1',
      kind: regarding.kind,
      ...(namespace === undefined ? {} : { namespace }),
      name: regarding.name,
      uid: regarding.uid,
    },
    type: event.type,
    reason: event.reason,
    message: shortened(event.message, MAX_MESSAGE_BYTES),
    source: { component: FIELD_MANAGER },
    reportingComponent: FIELD_MANAGER,
    firstTimestamp: at,
    lastTimestamp: at,
    count: 1,
  };
}

/** A text that fits as it is; otherwise its beginning, and an ellipsis. */
function shortened(text: string, maxBytes: number): string {
  if (Buffer.byteLength(text) <= maxBytes) return text;
  const ellipsis = '…';
  return `${cutToBytes(text, maxBytes - Buffer.byteLength(ellipsis))}${ellipsis}`;
}
