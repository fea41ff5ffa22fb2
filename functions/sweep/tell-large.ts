import type { ClusterAccess } from '../../shared/state/cluster-access.ts';
import type { ClusterListing } from '../../shared/state/cluster-state.ts';

const MEBI = 1024 * 1024;
/** Large objects that have fewer Mi characters together are nobody's trouble. */
const MANY_MEBI = 16;
const TOLD_NAMESPACES = 3;

/**
 * Tells the operator which namespaces have pods and NetworkAttachmentDefinitions so large that reading
 * them takes time, the largest one first.
 *
 * @returns their Mi characters of JSON, 0 if that is no trouble.
 */
export function tellLarge(
  { cluster, telemetry }: Pick<ClusterAccess, 'cluster' | 'telemetry'>,
  { pods, definitions }: Pick<ClusterListing, 'pods' | 'definitions'>,
): number {
  const large = [...pods, ...definitions].flatMap(({ namespace, large }) =>
    large === undefined ? [] : [{ namespace, length: large }],
  );
  const mebi = mebiOf(large);
  if (mebi < MANY_MEBI) return 0;
  const namespaces = [...Map.groupBy(large, ({ namespace }) => namespace)]
    .map(([namespace, objects]) => ({ namespace, objects: objects.length, mebi: mebiOf(objects) }))
    .toSorted((a, b) => b.mebi - a.mebi)
    .slice(0, TOLD_NAMESPACES);
  telemetry.warn(
    'pods and NetworkAttachmentDefinitions are large',
    { cluster },
    { mebi, namespaces },
  );
  return mebi;
}

function mebiOf(objects: readonly { readonly length: number }[]): number {
  return Math.round(objects.reduce((sum, { length }) => sum + length, 0) / MEBI);
}
