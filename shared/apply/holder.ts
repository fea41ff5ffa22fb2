import type { PodClaims } from '../claims/claim.ts';
import { claimsOf } from '../claims/pod-claims.ts';
import type { Node } from '../cluster/kubernetes.ts';
import type { Eni } from '../enis/eni.ts';
import type { HolderNode } from '../plan/conflict.ts';
import type { ClusterAccess } from '../state/cluster-access.ts';
import { readNetworks } from '../state/networks.ts';
import { readNode } from '../state/node-state.ts';
import { soleNodeOf, soleNodes } from '../state/sole-node.ts';
import { StalePodsError } from './release.ts';

/** An ENI that has an address which a pod of another ENI claims, and who may be its holder. */
export interface HolderView {
  readonly eni: Eni;
  /** Absent where the ENI is detached, or no Node names its instance. */
  readonly node?: HolderNode;
  /**
   * Live pods bound to a node that does not exist, names no instance yet, or one that another Node
   * names too; read only where `node` is absent.
   */
  readonly stranded: readonly PodClaims[];
  /** When its pods were asked for, ms since the epoch. */
  readonly listedAt: number;
}

/**
 * Reads the node of an instance that has addresses which others claim: its ENIs again, then
 * its pods. Where no Node names the instance, the pods that are bound to missing nodes.
 *
 * @param nodes the cluster's Nodes, read just before.
 * @param enis ENIs of that instance (or detached ones), already seen to have the addresses.
 */
export async function readHolder(
  access: ClusterAccess,
  nodes: readonly Node[],
  instanceId: string | undefined,
  enis: readonly Eni[],
  signal?: AbortSignal,
): Promise<HolderView[]> {
  // Nothing of an unmanaged ENI can be taken, so nobody need be asked about it.
  if (!enis.some((eni) => eni.managed)) {
    return enis.map((eni) => ({ eni, stranded: [], listedAt: access.clock.now() }));
  }
  const node = soleNodeOf(nodes, instanceId);
  if (node && instanceId !== undefined) {
    const reading = await readNode(access, node.name, instanceId, signal);
    if (reading.kind === 'state') {
      const { state } = reading;
      // One that went meanwhile was asked about at the wrong node: it is looked up again.
      return state.enis
        .filter((eni) => enis.some((seen) => seen.id === eni.id))
        .map((eni) => ({ eni, node: state, stranded: [], listedAt: state.listedAt }));
    }
    // The Node went, or names another instance now: it stands as one that no Node names.
  }
  return readStranded(access, nodes, enis, signal);
}

/**
 * Listing all pods of a large cluster takes longer than a list may be old when something is
 * unassigned on its strength. So it only tells which missing nodes pods are bound to; what those
 * pods claim is then read again, node by node.
 */
async function readStranded(
  access: ClusterAccess,
  before: readonly Node[],
  enis: readonly Eni[],
  signal?: AbortSignal,
): Promise<HolderView[]> {
  const { kubernetes } = access;
  const [everywhere, { byName }] = await Promise.all([
    kubernetes.listPods({ signal }),
    readNetworks(access, signal),
  ]);
  const bound = new Set(everywhere.map((pod) => pod.node).filter((node) => node !== undefined));
  const listedAt = access.clock.now();
  const missing = bound.difference(soleNodes(before));
  const pods = await Promise.all([...missing].map((node) => kubernetes.listPods({ node, signal })));
  const after = soleNodes(await kubernetes.listNodes(signal));
  // The pods of a Node that went meanwhile have not been asked about.
  if (soleNodes(before).intersection(bound).difference(after).size > 0) {
    throw new StalePodsError('a Node went while the pods of missing nodes were listed');
  }
  const stranded = pods
    .flat()
    .map((pod) => claimsOf(pod, byName))
    .filter((pod) => pod !== undefined);
  return enis.map((eni) => ({ eni, stranded, listedAt }));
}
