import type { Eni } from '../enis/eni.ts';
import type { ClusterAccess } from '../state/cluster-access.ts';
import type { NodeState } from '../state/node-state.ts';
import { type ClusterView, driftOf } from './drift.ts';

/**
 * The ENIs that have what nodes miss, whosever they are: what they keep cannot be mended.
 *
 * @throws what EC2 throws.
 */
export async function holdersOfMissing(
  access: ClusterAccess,
  view: ClusterView,
  nodes: readonly NodeState[],
  signal?: AbortSignal,
): Promise<Eni[]> {
  const missing = nodes.flatMap((node) =>
    driftOf(view, node).missing.map(({ address, eniId }) => {
      return { address, vpcId: node.enis.find(({ id }) => id === eniId)?.vpcId };
    }),
  );
  const holders: Eni[] = [];
  for (const [vpcId, inVpc] of Map.groupBy(missing, (entry) => entry.vpcId)) {
    if (vpcId === undefined) continue;
    const addresses = inVpc.map(({ address }) => address);
    holders.push(...(await access.ec2.inventory.withAddresses(vpcId, addresses, signal)));
  }
  return holders;
}
