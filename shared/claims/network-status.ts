import * as z from 'zod';
import { type Address, parseInterfaceAddress } from '../address.ts';
import { MAX_ADDRESSES, NETWORK_STATUS, NETWORKS_STATUS } from '../cluster/annotations.ts';
import { readJson, textAs, whatIsWrong } from '../text/read.ts';
import { tooManyAddresses, type UnreadableAnnotation } from './claim.ts';
import { readOnce } from './read-once.ts';

/** One interface that Multus gave to a pod besides the cluster network's. */
export interface Attachment {
  /** `namespace/name` of the NetworkAttachmentDefinition. */
  readonly network: string;
  /** The interface inside the pod, such as `net1`. */
  readonly interface?: string;
  readonly ips: readonly Address[];
  /** Lower case. */
  readonly mac?: string;
}

/** A pod claims at most MAX_ADDRESSES; as many attachments may have none. What was read of each pod is kept. */
const MAX_ENTRIES = 2 * MAX_ADDRESSES;
/** Two DNS subdomains of at most 253 characters and a slash. */
const MAX_NAME_LENGTH = 507;

/** A pod without networks is written as an empty list, `null` or nothing, depending on who writes it. */
const entries = z.preprocess(
  (json) => (json === null || json === '' ? [] : json),
  z.array(z.unknown()).max(MAX_ENTRIES, `more than ${MAX_ENTRIES} entries`),
);

/** https://github.com/k8snetworkplumbingwg/multi-net-spec, "Network Attachment Status Annotation". */
const attachmentEntry = z.object({
  name: z.string().min(1).max(MAX_NAME_LENGTH),
  interface: z.string().max(63).nullish(),
  ips: z.array(textAs(parseInterfaceAddress, 'an address')).nullish(),
  mac: z
    .string()
    .regex(/^([0-9a-f]{2}(:[0-9a-f]{2}){5,19})?$/i, 'not a MAC address')
    .nullish(),
});

/** What Multus wrote, if that can be read. */
export type NetworkStatus =
  | {
      readonly ok: true;
      readonly attachments: readonly Attachment[];
      /** Multus wrote an empty list, or none, though each pod has the cluster's own network. */
      readonly emptied: boolean;
    }
  | { readonly ok: false; readonly unreadable: UnreadableAnnotation };

/**
 * Reads `network-status`, or else the older `networks-status`. The default entry is
 * the cluster network and left out. One wrong entry makes the whole annotation
 * unreadable: half of it would look like claims that the pod gave up. The namespace is the one that a
 * bare network name belongs to.
 */
export const parseNetworkStatus = readOnce((annotations, namespace: string): NetworkStatus => {
  const annotation = annotations[NETWORK_STATUS] === undefined ? NETWORKS_STATUS : NETWORK_STATUS;
  const unreadable = (detail: string) =>
    ({ ok: false, unreadable: { kind: 'unreadable-annotation', annotation, detail } }) as const;

  const text = annotations[annotation];
  if (text === undefined) return { ok: true, attachments: [], emptied: false };
  if (!/\S/.test(text)) return { ok: true, attachments: [], emptied: true };
  const list = readJson(text, entries);
  if (!list.ok) return unreadable(list.detail);

  const attachments: Attachment[] = [];
  let addresses = 0;
  for (const [index, entry] of list.value.entries()) {
    if (isDefault(entry)) continue;
    // Before each of them is looked at.
    addresses += addressesIn(entry);
    if (addresses > MAX_ADDRESSES) return { ok: false, unreadable: tooManyAddresses(annotation) };
    const parsed = attachmentEntry.safeParse(entry);
    if (!parsed.success) return unreadable(whatIsWrong(parsed.error, [index]));
    attachments.push(toAttachment(parsed.data, namespace));
  }
  return { ok: true, attachments, emptied: list.value.length === 0 };
});

/** By hand: a schema that most entries fail would cost more than all others. */
function isDefault(entry: unknown): boolean {
  return (
    typeof entry === 'object' && entry !== null && 'default' in entry && entry.default === true
  );
}

/** How many addresses an entry names. */
function addressesIn(entry: unknown): number {
  if (typeof entry !== 'object' || entry === null || !('ips' in entry)) return 0;
  return Array.isArray(entry.ips) ? entry.ips.length : 0;
}

function toAttachment(entry: z.output<typeof attachmentEntry>, namespace: string): Attachment {
  return {
    network: entry.name.includes('/') ? entry.name : `${namespace}/${entry.name}`,
    ...(entry.interface ? { interface: entry.interface } : {}),
    ips: entry.ips ?? [],
    ...(entry.mac ? { mac: entry.mac.toLowerCase() } : {}),
  };
}
