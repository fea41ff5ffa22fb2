import type { Address } from '../../shared/address.ts';
import type { PodClaims } from '../../shared/claims/claim.ts';
import { claimsOf } from '../../shared/claims/pod-claims.ts';
import type { Node, Pod } from '../../shared/cluster/kubernetes.ts';
import type { Eni } from '../../shared/enis/eni.ts';
import type { ClusterAccess } from '../../shared/state/cluster-access.ts';
import { type Networks, readNetworks } from '../../shared/state/networks.ts';
import { type NodeState, tagText } from '../../shared/state/node-state.ts';
import { soleNodes } from '../../shared/state/sole-node.ts';
import type { SeenEnis } from './seen-enis.ts';

/** A whole cluster as a sweep sees it. Nothing is written on its strength: it only says where to look. */
export interface ClusterState {
  readonly networks: Networks;
  /** By instance; only those that one Node alone names and that have managed ENIs or pods with claims. */
  readonly states: ReadonlyMap<string, NodeState>;
  /**
   * Live pods that are bound to a node that does not exist, or has no instance of its own, by the
   * addresses that they claim.
   */
  readonly stranded: ReadonlyMap<Address, readonly PodClaims[]>;
}

/** @param managed the ENIs with the managed tag, read before. */
export async function readCluster(
  access: ClusterAccess,
  managed: SeenEnis,
  signal?: AbortSignal,
): Promise<ClusterState> {
  const listedAt = access.clock.now();
  const [nodes, pods, networks] = await Promise.all([
    access.kubernetes.listNodes(signal),
    access.kubernetes.listPods({ signal }),
    readNetworks(access, signal),
  ]);
  const podsOf = Map.groupBy(pods, (pod) => pod.node ?? '');
  const states = new Map<string, NodeState>();
  const sole = soleNodes(nodes);
  for (const node of nodes) {
    if (node.instanceId === undefined || !sole.has(node.name)) continue;
    const ofNode = { enis: managed.of(node.instanceId), pods: podsOf.get(node.name) ?? [] };
    const state = await stateOf(access, node, node.instanceId, ofNode, networks, listedAt, signal);
    if (state.enis.length > 0 || state.pods.some(({ claims }) => claims.length > 0)) {
      states.set(node.instanceId, state);
    }
  }
  const lost = pods.filter(({ node }) => node !== undefined && !sole.has(node));
  return { networks, states, stranded: byAddress(claimsOfPods(lost, networks)) };
}

/** The same state with the ENIs of some instances read anew, the unmanaged ones among them. */
export async function withEnis(
  access: ClusterAccess,
  state: NodeState,
  enis: SeenEnis,
  signal?: AbortSignal,
): Promise<NodeState> {
  const own = enis.of(state.instanceId);
  const subnets = await access.ec2.subnets(
    own.map((eni) => eni.subnetId),
    signal,
  );
  return { ...state, enis: own, subnets };
}

async function stateOf(
  access: ClusterAccess,
  node: Node,
  instanceId: string,
  { enis, pods }: { readonly enis: readonly Eni[]; readonly pods: readonly Pod[] },
  networks: Networks,
  listedAt: number,
  signal?: AbortSignal,
): Promise<NodeState> {
  const subnetIds = enis.map((eni) => eni.subnetId);
  return {
    node: node.name,
    nodeUid: node.uid,
    instanceId,
    limits: enis.length > 0 ? await access.ec2.limitsOf(node.instanceType, signal) : undefined,
    enis,
    subnets: await access.ec2.subnets(subnetIds, signal),
    pods: claimsOfPods(pods, networks),
    podObjects: new Map(pods.map((pod) => [pod.uid, pod])),
    ranges: networks.ranges,
    managedTag: tagText(access),
    listedAt,
  };
}

function claimsOfPods(pods: readonly Pod[], { byName }: Networks): PodClaims[] {
  return pods.map((pod) => claimsOf(pod, byName)).filter((claims) => claims !== undefined);
}

function byAddress(pods: readonly PodClaims[]): Map<Address, PodClaims[]> {
  const claiming = new Map<Address, PodClaims[]>();
  for (const pod of pods) {
    for (const { address } of pod.claims) {
      const others = claiming.get(address);
      if (others === undefined) claiming.set(address, [pod]);
      else others.push(pod);
    }
  }
  return claiming;
}
