import * as z from 'zod';
import type { AddressRange } from '../address.ts';
import { IGNORE, RANGES } from '../cluster/annotations.ts';
import type { NetworkAttachmentDefinition, NetworkRef } from '../cluster/kubernetes.ts';
import { type Read, readJson } from '../text/read.ts';
import { ipamRanges } from './ipam-ranges.ts';
import { parseRangeList } from './range-list.ts';

/** What a NetworkAttachmentDefinition says that decides something. */
export interface ParsedNetwork {
  /** `namespace/name`. */
  readonly network: string;
  /** The CNI plugin that makes the interface, such as `ipvlan`. */
  readonly type?: string;
  /** The worker's device below it, such as `eth1`. */
  readonly master?: string;
  /** Annotated to be ignored: attachments to it claim nothing. */
  readonly ignored: boolean;
  /** Labelled to have its room advertised. */
  readonly advertised?: true;
  /** The addresses that it gives out, and what `multus-eni.dev/ranges` adds. */
  readonly ranges: readonly AddressRange[];
}

/** A NetworkAttachmentDefinition that cannot be read. */
export interface UnreadableNetwork {
  readonly network: NetworkRef;
  /** What is wrong, and where. */
  readonly detail: string;
}

const plugin = z.object({
  type: z.string().nullish(),
  master: z.string().nullish(),
  ipam: z.unknown().optional(),
});

const configuration = z.object({
  ...plugin.shape,
  plugins: z.array(plugin).min(1, 'an empty list').nullish(),
});

/**
 * Reads a NetworkAttachmentDefinition: `spec.config` as one plugin or as a list of
 * `plugins`, and our annotations. Without `spec.config` the configuration lies in a
 * file on the workers, and only the annotations are known.
 */
export function parseNetwork(
  definition: NetworkAttachmentDefinition,
):
  | { readonly ok: true; readonly network: ParsedNetwork }
  | { readonly ok: false; readonly unreadable: UnreadableNetwork } {
  const { namespace, name, uid } = definition;
  const network = `${namespace}/${name}`;
  if (definition.annotations[IGNORE] === 'true') {
    return { ok: true, network: { network, ignored: true, ranges: [] } };
  }
  const unreadable = (detail: string) =>
    ({ ok: false, unreadable: { network: { namespace, name, uid }, detail } }) as const;

  if (definition.tooLong !== undefined) return unreadable(definition.tooLong);
  const added = parseRangeList(definition.annotations[RANGES] ?? '');
  if (!added.ok) return unreadable(`annotation ${RANGES}: ${added.detail}`);
  const config = parseConfig(definition.config);
  if (!config.ok) return unreadable(`spec.config: ${config.detail}`);
  const { type, master, ranges } = config.value;
  return {
    ok: true,
    network: {
      network,
      ...(type ? { type } : {}),
      ...(master ? { master } : {}),
      ...(definition.advertised && { advertised: true }),
      ignored: false,
      ranges: [...ranges, ...added.value],
    },
  };
}

/** Reads all of a cluster's networks; one that cannot be read, or was not read yet, is left out of the map. */
export function parseNetworks(definitions: Iterable<NetworkAttachmentDefinition>): {
  readonly networks: ReadonlyMap<string, ParsedNetwork>;
  readonly unreadable: readonly UnreadableNetwork[];
} {
  const networks = new Map<string, ParsedNetwork>();
  const unreadable: UnreadableNetwork[] = [];
  for (const definition of definitions) {
    if (definition.unread && definition.annotations[IGNORE] !== 'true') continue;
    const parsed = parseNetwork(definition);
    if (parsed.ok) networks.set(parsed.network.network, parsed.network);
    else unreadable.push(parsed.unreadable);
  }
  return { networks, unreadable };
}

interface Config {
  readonly type?: string | null;
  readonly master?: string | null;
  readonly ranges: readonly AddressRange[];
}

function parseConfig(text: unknown = ''): Read<Config> {
  if (typeof text !== 'string') return { ok: false, detail: 'not text' };
  if (text.trim() === '') return { ok: true, value: { ranges: [] } };
  const read = readJson(text, configuration);
  if (!read.ok) return read;
  const { plugins, ...only } = read.value;
  const chain = plugins ?? [only];
  const ranges: AddressRange[] = [];
  for (const [index, { ipam }] of chain.entries()) {
    const given = ipamRanges(ipam, plugins ? ['plugins', index, 'ipam'] : ['ipam']);
    if (!given.ok) return given;
    for (const range of given.value) ranges.push(range);
  }
  // The first plugin of a chain makes the interface; the others only tune it.
  return {
    ok: true,
    value: {
      type: chain[0]?.type,
      master: chain.find((link) => link.master)?.master,
      ranges,
    },
  };
}
