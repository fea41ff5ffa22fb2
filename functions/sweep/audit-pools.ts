import type { Address } from '../../shared/address.ts';
import { describeKubernetesError } from '../../shared/cluster/errors.ts';
import type { Pod } from '../../shared/cluster/kubernetes.ts';
import { type IpPool, reservationsIn } from '../../shared/cluster/reservations.ts';
import {
  auditPools,
  foundTwice,
  type PoolAudit,
  textOfDouble,
  textOfStale,
  textOfUnreserved,
} from '../../shared/drift/pool-audit.ts';
import type { ClusterAccess } from '../../shared/state/cluster-access.ts';
import type { NodeState } from '../../shared/state/node-state.ts';
import { oneLine } from '../../shared/text/one-line.ts';

/** What a sweep says of whereabouts' pools: how they differ from pods and ENIs, or why that is not known. */
export type SweptPools =
  | {
      readonly pools: number;
      readonly reservations: number;
      readonly stale: number;
      readonly double: number;
      readonly unreserved: number;
      /** Some of them in words. */
      readonly found: readonly string[];
    }
  | { readonly notRead: string };

type Pools = { readonly pools: readonly IpPool[] } | { readonly notRead: string };

type Access = Pick<ClusterAccess, 'cluster' | 'kubernetes'>;

/** What was found when the pools had been read. */
interface Found {
  readonly listedAt: number;
  readonly pods: readonly Pod[];
  readonly nodes: readonly NodeState[];
}

/** A log line holds 256 KiB at most, and one sweep by hand may be of all clusters. */
const LISTED = 20;

/**
 * Reads the pools of whereabouts. No address depends on them: if that fails, the sweep goes on.
 *
 * @throws the signal's reason alone.
 */
export async function readPools(
  { cluster, kubernetes }: Access,
  signal?: AbortSignal,
): Promise<Pools> {
  try {
    const pools = await kubernetes.listIpPools(signal);
    return pools === undefined ? { notRead: 'the cluster has no IPPools' } : { pools };
  } catch (error) {
    signal?.throwIfAborted();
    return { notRead: oneLine(describeKubernetesError(error, { cluster })) };
  }
}

/**
 * Compares the pools with pods and ENIs. If they differ, the pools are read once more, because pods
 * come and go while they are listed.
 *
 * @param before what `readPools` gave before the pods were listed.
 * @throws the signal's reason alone.
 */
export async function auditPoolsOf(
  access: Access,
  before: Pools,
  found: Found,
  signal?: AbortSignal,
): Promise<SweptPools> {
  if ('notRead' in before) return before;
  const first = auditOf(before.pools, found);
  if (differences(first) === 0) return figures(before.pools, first, found.nodes);
  const after = await readPools(access, signal);
  if ('notRead' in after) return after;
  return figures(after.pools, foundTwice(first, auditOf(after.pools, found)), found.nodes);
}

function auditOf(pools: readonly IpPool[], { pods, listedAt }: Found): PoolAudit {
  if (pools.length === 0) return { stale: [], double: [], unreserved: [] };
  return auditPools(reservationsIn(pools), pods, listedAt);
}

function differences({ stale, double, unreserved }: PoolAudit): number {
  return stale.length + double.length + unreserved.length;
}

function figures(
  pools: readonly IpPool[],
  audit: PoolAudit,
  nodes: readonly NodeState[],
): SweptPools {
  const { stale, double, unreserved } = audit;
  return {
    pools: pools.length,
    reservations: pools.reduce((sum, pool) => sum + pool.reservations.length, 0),
    stale: stale.length,
    double: double.length,
    unreserved: unreserved.length,
    found: [
      ...double.slice(0, LISTED).map(textOfDouble),
      ...unreserved.slice(0, LISTED).map(textOfUnreserved),
      ...stale.slice(0, LISTED).map((each) => textOfStale(each) + where(each.address, nodes)),
    ]
      .slice(0, LISTED)
      .map(oneLine),
  };
}

function where(address: Address, nodes: readonly NodeState[]): string {
  const eni = nodes
    .values()
    .flatMap(({ enis }) => enis)
    .find(({ secondary }) => secondary.includes(address));
  return eni === undefined ? '' : `; the address is on ${eni.id}`;
}
