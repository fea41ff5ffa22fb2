import { parseFloatingIps } from '../claims/floating-ips.ts';
import { askedNetworks } from '../claims/missed-networks.ts';
import {
  type ParsedNetwork,
  parseNetworks,
  type UnreadableNetwork,
} from '../claims/net-attach-def.ts';
import { parseNetworkStatus } from '../claims/network-status.ts';
import { type Ranges, rangesOf } from '../claims/ranges.ts';
import type { Kubernetes, NetworkAttachmentDefinition, Pod } from '../cluster/kubernetes.ts';
import type { ClusterAccess } from './cluster-access.ts';

/** A cluster's NetworkAttachmentDefinitions, read. */
export interface Networks {
  /** By `namespace/name`. */
  readonly byName: ReadonlyMap<string, ParsedNetwork>;
  readonly ranges: Ranges;
  readonly unreadable: readonly UnreadableNetwork[];
}

interface Wanted {
  /** Also those whose room is advertised. */
  readonly advertised?: boolean;
  readonly signal?: AbortSignal;
}

/**
 * Reads what the definitions say that matters for pods, also of those that a list left unread. It reads
 * the ones that the pods name. It reads all if pods claim a floating address that none of these gives
 * out.
 *
 * @param definitions as they were listed, before the pods.
 * @throws what the API server throws.
 */
export async function networksFor(
  access: Pick<ClusterAccess, 'bindings' | 'bounds'> & {
    readonly kubernetes: Pick<Kubernetes, 'readNetworkAttachmentDefinitions'>;
  },
  definitions: readonly NetworkAttachmentDefinition[],
  pods: readonly Pod[],
  { advertised = false, signal }: Wanted = {},
): Promise<Networks> {
  const unread = definitions.filter((each) => each.unread);
  if (unread.length === 0) return networksOf(access, definitions);
  const read = async (wanted: readonly NetworkAttachmentDefinition[], from: typeof definitions) => {
    const found = await access.kubernetes.readNetworkAttachmentDefinitions(wanted, signal);
    const others = from.filter((each) => !wanted.includes(each));
    return [...others, ...found];
  };
  const names = new Set(pods.flatMap(namedNetworks));
  const isWanted = (each: NetworkAttachmentDefinition): boolean =>
    (advertised && each.advertised === true) || names.has(`${each.namespace}/${each.name}`);
  const some = await read(unread.filter(isWanted), definitions);
  const networks = networksOf(access, some);
  const left = some.filter((each) => each.unread);
  if (left.length === 0 || !pods.some((pod) => floatsOutside(pod, networks))) return networks;
  return networksOf(access, await read(left, some));
}

/** As `namespace/name`: the networks that a pod asks for, and those that it has. */
function namedNetworks({ annotations, namespace }: Pod): readonly string[] {
  const status = parseNetworkStatus(annotations, namespace);
  const asked = askedNetworks(annotations, namespace);
  return [
    ...(status.ok ? status.attachments.map(({ network }) => network) : []),
    ...(asked.ok ? asked.value : []),
  ];
}

function floatsOutside({ annotations }: Pod, { ranges }: Networks): boolean {
  const read = parseFloatingIps(annotations);
  return read.ok && read.floating.some(({ address }) => !ranges.includes(address));
}

/** What the definitions say, within the bounds of the configuration. */
export function networksOf(
  { bindings, bounds }: Pick<ClusterAccess, 'bindings' | 'bounds'>,
  definitions: readonly NetworkAttachmentDefinition[],
): Networks {
  const { networks: byName, unreadable } = parseNetworks(definitions);
  return { byName, ranges: rangesOf(byName.values(), bounds, bindings), unreadable };
}
