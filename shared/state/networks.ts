import {
  type ParsedNetwork,
  parseNetworks,
  type UnreadableNetwork,
} from '../claims/net-attach-def.ts';
import { type Ranges, rangesOf } from '../claims/ranges.ts';
import type { NetworkAttachmentDefinition } from '../cluster/kubernetes.ts';
import type { ClusterAccess } from './cluster-access.ts';

/** A cluster's NetworkAttachmentDefinitions, read. */
export interface Networks {
  /** By `namespace/name`. */
  readonly byName: ReadonlyMap<string, ParsedNetwork>;
  readonly ranges: Ranges;
  readonly unreadable: readonly UnreadableNetwork[];
}

/** Reads all networks of the cluster; one that cannot be read costs itself alone. */
export async function readNetworks(access: ClusterAccess, signal?: AbortSignal): Promise<Networks> {
  return networksOf(access, await access.kubernetes.listNetworkAttachmentDefinitions(signal));
}

/** What the definitions say, within the bounds of the configuration. */
export function networksOf(
  { bounds }: Pick<ClusterAccess, 'bounds'>,
  definitions: readonly NetworkAttachmentDefinition[],
): Networks {
  const { networks: byName, unreadable } = parseNetworks(definitions);
  return { byName, ranges: rangesOf(byName.values(), bounds), unreadable };
}
