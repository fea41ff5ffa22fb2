import type { PodClaims } from '../claims/claim.ts';
import type { ParsedNetwork } from '../claims/net-attach-def.ts';
import { claimsOf } from '../claims/pod-claims.ts';
import type { Ranges } from '../claims/ranges.ts';
import type { Node, Pod } from '../cluster/kubernetes.ts';
import type { AdvertisedRoom } from '../cluster/room-resources.ts';
import type { Eni, InstanceLimits, Subnet } from '../enis/eni.ts';
import { outdatedSubnets } from '../plan/outdated-subnets.ts';
import type { ClusterAccess } from './cluster-access.ts';
import { type Networks, readNetworks } from './networks.ts';

/** What EC2 has and what pods want on one node: the ENIs were read first, the pods after. */
export interface NodeState {
  readonly node: string;
  readonly nodeUid: string;
  readonly instanceId: string;
  readonly limits?: InstanceLimits;
  readonly enis: readonly Eni[];
  readonly subnets: ReadonlyMap<string, Subnet>;
  /** The live pods' claims. */
  readonly pods: readonly PodClaims[];
  /** The objects that the claims were read from, by uid. */
  readonly podObjects: ReadonlyMap<string, Pod>;
  readonly ranges: Ranges;
  /** By `namespace/name`. */
  readonly networks: ReadonlyMap<string, ParsedNetwork>;
  /** Absent where the Node has no capacity yet, and where its status was not read. */
  readonly advertised?: AdvertisedRoom;
  readonly managedTag: string;
  /** When the pod list was asked for, ms since the epoch: what is written rests on it. */
  readonly listedAt: number;
}

/** Why a node has no state to reconcile. */
export type NodeReading =
  | { readonly kind: 'state'; readonly state: NodeState }
  /** No Node has that name. */
  | { readonly kind: 'no-node' }
  /** The Node names no instance yet. */
  | { readonly kind: 'no-instance' }
  /** Fargate, hybrid nodes. */
  | { readonly kind: 'outside-ec2' }
  /** The Node names another instance than the one whose ENIs were read. */
  | { readonly kind: 'other-instance'; readonly instanceId: string };

/**
 * Reads a node's state in the one safe order: the ENIs, then the Node and its pods with a
 * consistent read (docs/design.md, rule 3; whereabouts issues 162 and 176 show the other order).
 *
 * @param instanceId whose ENIs to read; that it is the Node's is checked afterwards.
 */
export async function readNode(
  access: ClusterAccess,
  node: string,
  instanceId: string,
  signal?: AbortSignal,
): Promise<NodeReading> {
  const [enis, networks] = await Promise.all([
    access.ec2.inventory.ofInstances([instanceId], signal),
    readNetworks(access, signal),
  ]);
  return readPodsOf(access, { node, instanceId, enis }, networks, signal);
}

/**
 * Reads several nodes in the same order, with one read of all their ENIs.
 *
 * @returns a reading for each node, in their order.
 */
export async function readNodes(
  access: ClusterAccess,
  nodes: readonly Omit<NodeWithEnis, 'enis'>[],
  signal?: AbortSignal,
): Promise<NodeReading[]> {
  if (nodes.length === 0) return [];
  const instanceIds = nodes.map(({ instanceId }) => instanceId);
  const [all, networks] = await Promise.all([
    access.ec2.inventory.ofInstances(instanceIds, signal),
    readNetworks(access, signal),
  ]);
  return Promise.all(
    nodes.map((node) => {
      const enis = all.filter(({ instanceId }) => instanceId === node.instanceId);
      return readPodsOf(access, { ...node, enis }, networks, signal);
    }),
  );
}

interface NodeWithEnis {
  readonly node: string;
  readonly instanceId: string;
  /** Read before. */
  readonly enis: readonly Eni[];
}

async function readPodsOf(
  access: ClusterAccess,
  { node, instanceId, enis }: NodeWithEnis,
  networks: Networks,
  signal?: AbortSignal,
): Promise<NodeReading> {
  const subnets = await access.ec2.subnets.of(
    enis.map((eni) => eni.subnetId),
    signal,
  );
  // What is read before does not count in the second that a release has.
  const listedAt = access.clock.now();
  const [nodeObject, pods] = await Promise.all([
    access.kubernetes.getNode(node, signal),
    access.kubernetes.listPods({ node, signal }),
  ]);
  if (nodeObject === undefined) return { kind: 'no-node' };
  if (nodeObject.instanceId === undefined) return withoutInstance(nodeObject);
  if (nodeObject.instanceId !== instanceId) {
    return { kind: 'other-instance', instanceId: nodeObject.instanceId };
  }
  const limits = await access.ec2.limitsOf(nodeObject.instanceType, signal);
  const claims = pods.map((pod) => claimsOf(pod, networks.byName, listedAt));
  const state: NodeState = {
    ...identity(nodeObject, instanceId),
    limits,
    enis,
    subnets,
    pods: claims.filter((pod) => pod !== undefined),
    podObjects: new Map(pods.map((pod) => [pod.uid, pod])),
    ranges: networks.ranges,
    networks: networks.byName,
    managedTag: tagText(access),
    listedAt,
  };
  return { kind: 'state', state: await withCurrentSubnets(access, state, signal) };
}

/** One more call, and only where an IPv6 block that came or went since would change anything. */
async function withCurrentSubnets(
  access: ClusterAccess,
  state: NodeState,
  signal?: AbortSignal,
): Promise<NodeState> {
  const outdated = outdatedSubnets(state);
  if (outdated.length === 0) return state;
  const current = await access.ec2.subnets.again(outdated, signal);
  return { ...state, subnets: new Map([...state.subnets, ...current]) };
}

/** Why a Node that names no instance has no state. */
export function withoutInstance({ outsideEc2 }: Node) {
  return { kind: outsideEc2 ? 'outside-ec2' : 'no-instance' } as const;
}

/** What a state has from the Node. */
export function identity({ advertised, name, uid }: Node, instanceId: string) {
  const told = advertised === undefined ? {} : { advertised };
  return { node: name, nodeUid: uid, instanceId, ...told };
}

export function tagText({ ec2: { managedTag } }: ClusterAccess): string {
  return `${managedTag.key}=${managedTag.value}`;
}
