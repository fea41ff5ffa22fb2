import type { Address } from '../address.ts';
import type { PodClaims } from '../claims/claim.ts';
import { claimsOf, type RecordedAddress } from '../claims/pod-claims.ts';
import type { Kubernetes, Node, Pod } from '../cluster/kubernetes.ts';
import type { ClusterAccess } from '../state/cluster-access.ts';
import { type Networks, networksFor } from '../state/networks.ts';
import { isSettled, settledNodes } from '../state/sole-node.ts';

/** Whose pods may hold addresses on an ENI that no Node stands for. */
export interface Suspects {
  readonly addresses: ReadonlySet<Address>;
  /** What the ledgers of the ENIs say of pods, by uid. */
  readonly recorded: ReadonlyMap<string, readonly RecordedAddress[]>;
  /** The names of nodes that may come back, of which pods claimed the addresses. */
  readonly nodes: readonly string[];
  readonly networks: Networks;
}

/**
 * Finds the nodes that may come back and have pods which claim the addresses. In a large cluster a list
 * of all pods is too old to unassign anything once it is complete (docs/design.md, rule 3). So it only
 * tells which nodes to read again.
 */
export async function findSuspects(
  access: ClusterAccess,
  nodes: readonly Node[],
  what: Pick<Suspects, 'addresses' | 'recorded'>,
  signal?: AbortSignal,
): Promise<Suspects> {
  const [pods, definitions] = await Promise.all([
    access.kubernetes.listPods({ signal }),
    access.kubernetes.listNetworkAttachmentDefinitions(signal),
  ]);
  const settled = settledNodes(nodes);
  const unsettled = pods.filter(({ node }) => node !== undefined && !settled.has(node));
  const networks = await networksFor(access, definitions, unsettled, { signal });
  const claiming = claimsFor({ ...what, networks }, unsettled, access.clock.now());
  return { ...what, networks, nodes: [...new Set(claiming.map(({ node }) => node))] };
}

/**
 * Reads the suspects again.
 *
 * @param nodes the cluster's Nodes, read before.
 * @param instanceIds of the ENIs that have the addresses: a Node that names one by now counts too.
 * @returns the live pods that claim the addresses and whose nodes may still come back.
 */
export async function readStranded(
  {
    clock,
    kubernetes,
  }: Pick<ClusterAccess, 'clock'> & {
    readonly kubernetes: Pick<Kubernetes, 'getNode' | 'listPods'>;
  },
  nodes: readonly Node[],
  instanceIds: ReadonlySet<string | undefined>,
  suspects: Suspects,
  signal?: AbortSignal,
): Promise<PodClaims[]> {
  const claims = await Promise.all(
    suspects.nodes.map(async (name) => {
      const [node, pods] = await Promise.all([
        kubernetes.getNode(name, signal),
        kubernetes.listPods({ node: name, signal }),
      ]);
      const isItsOwn = node?.instanceId !== undefined && instanceIds.has(node.instanceId);
      return isSettled(node, nodes) && !isItsOwn ? [] : claimsFor(suspects, pods, clock.now());
    }),
  );
  return claims.flat();
}

function claimsFor(
  { addresses, networks, recorded }: Omit<Suspects, 'nodes'>,
  pods: readonly Pod[],
  now: number,
): PodClaims[] {
  return pods
    .map((pod) => claimsOf(pod, { networks: networks.byName, recorded, now }))
    .filter((pod) => pod !== undefined)
    .filter(({ claims }) => claims.some(({ address }) => addresses.has(address)));
}
