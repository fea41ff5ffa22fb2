import * as z from 'zod';
import { NETWORK_STATUS, NETWORKS, NETWORKS_STATUS } from '../cluster/annotations.ts';
import type { Pod } from '../cluster/kubernetes.ts';
import { type Read, readJson, whatIsWrong } from '../text/read.ts';
import type { NotAttached } from './claim.ts';
import { isLeftOut } from './left-out.ts';
import type { Attachment } from './network-status.ts';
import { readOnce } from './read-once.ts';

const MAX_NETWORKS = 1_000;
const TOO_MANY = `more than ${MAX_NETWORKS} networks`;

const name = z
  .string()
  .regex(/^[a-z0-9]([-.a-z0-9]{0,251}[a-z0-9])?$/, 'not the name of a NetworkAttachmentDefinition');
const selections = z
  .array(z.object({ name, namespace: name.or(z.literal('')).nullish() }))
  .max(MAX_NETWORKS, TOO_MANY);

/**
 * Reads the annotation by which a pod asks for networks: `namespace/name@interface` with commas
 * between, or a JSON list
 * (https://github.com/k8snetworkplumbingwg/multi-net-spec, "Network Attachment Selection Annotation").
 *
 * @param namespace the pod's own, which a bare name belongs to.
 * @returns `namespace/name` for each network, as often as it is asked for.
 */
export function parseAskedNetworks(text: string, namespace: string): Read<readonly string[]> {
  const read = /[[{"]/.test(text) ? readJson(text, selections) : parseShort(text);
  if (!read.ok) return read;
  return {
    ok: true,
    value: read.value.map((each) => `${each.namespace || namespace}/${each.name}`),
  };
}

/** The same of a pod's annotations. */
export const askedNetworks = readOnce((annotations, namespace: string) =>
  parseAskedNetworks(annotations[NETWORKS]?.trim() ?? '', namespace),
);

function parseShort(text: string): Read<z.output<typeof selections>> {
  const items = text.split(',', MAX_NETWORKS + 1);
  // Before each of half a million is looked at.
  if (items.length > MAX_NETWORKS) return { ok: false, detail: TOO_MANY };
  const named = items
    .map((item) => item.trim().split('@', 1)[0] ?? '')
    .filter((item) => item !== '')
    .map((item) => {
      const slash = item.indexOf('/');
      return slash < 0
        ? { name: item }
        : { namespace: item.slice(0, slash), name: item.slice(slash + 1) };
    });
  const parsed = selections.safeParse(named);
  return parsed.success
    ? { ok: true, value: parsed.data }
    : { ok: false, detail: whatIsWrong(parsed.error) };
}

/** Whether a pod asked for networks, and Multus, which attaches it before its sandbox is ready, has not done so yet. */
export function awaitsMultus(pod: Pod): boolean {
  const { annotations, finished, hostNetwork, sandboxSince, terminating } = pod;
  const asked = annotations[NETWORKS]?.trim() ?? '';
  if (asked === '' || finished || hostNetwork || terminating) return false;
  if (isLeftOut(pod) || sandboxSince !== undefined) return false;
  return (annotations[NETWORK_STATUS] ?? annotations[NETWORKS_STATUS]) === undefined;
}

/**
 * The networks that a pod asked for and runs without. Multus writes `network-status` before the sandbox
 * is ready. What it has not written by then it will not write: Multus was not there when the sandbox
 * was made, or did not know of the request.
 *
 * @param attachments what Multus wrote; none if it wrote nothing.
 * @returns `undefined` if nothing is missing, or that is not known yet.
 */
export function missedNetworks(
  pod: Pod,
  attachments: readonly Attachment[],
): NotAttached | undefined {
  if (pod.sandboxSince === undefined) return undefined;
  const of = { kind: 'not-attached', since: pod.sandboxSince } as const;
  const read = askedNetworks(pod.annotations, pod.namespace);
  if (!read.ok) return { ...of, networks: [], unreadable: read.detail };
  const left = new Map<string, number>();
  for (const network of read.value) left.set(network, (left.get(network) ?? 0) + 1);
  for (const { network } of attachments) left.set(network, (left.get(network) ?? 0) - 1);
  const networks = [...left].filter(([, times]) => times > 0).map(([network]) => network);
  return networks.length === 0 ? undefined : { ...of, networks };
}
