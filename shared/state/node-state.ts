import type { PodClaims } from '../claims/claim.ts';
import type { ParsedNetwork } from '../claims/net-attach-def.ts';
import { claimsOf } from '../claims/pod-claims.ts';
import type { Ranges } from '../claims/ranges.ts';
import type { NetworkAttachmentDefinition, Node, Pod } from '../cluster/kubernetes.ts';
import type { LedgerReading } from '../cluster/ledgers.ts';
import type { AdvertisedRoom } from '../cluster/room-resources.ts';
import type { Eni, InstanceLimits, Subnet } from '../enis/eni.ts';
import { correctedBy, type Ledgers, ledgersFrom, recordedByPod } from '../plan/ledger.ts';
import { outdatedSubnets } from '../plan/outdated-subnets.ts';
import type { ClusterAccess } from './cluster-access.ts';
import { networksFor } from './networks.ts';

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
  /** Absent if the Node has no capacity yet, or if its status was not read. */
  readonly advertised?: AdvertisedRoom;
  readonly managedTag: string;
  /** The ledgers of its ENIs, read after the ENIs and before the pods. */
  readonly ledgers: Ledgers;
  /** When the ENIs were asked for, ms since the epoch. */
  readonly enisReadAt: number;
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
 * Reads a node's state in the one safe order: the ENIs and their ledgers, then the Node and its pods
 * with a consistent read (docs/design.md, rules 3 and L4). Issues 162 and 176 of whereabouts show the
 * other order.
 *
 * @param asked whose ENIs to read; that the instance is the Node's is checked afterwards. The ledgers of
 *   `eniIds` are read beside the ENIs, and others after them.
 */
export async function readNode(
  access: ClusterAccess,
  { eniIds = [], ...asked }: AskedNode,
  signal?: AbortSignal,
): Promise<NodeReading> {
  const enisReadAt = access.clock.now();
  const [enis, definitions, guessed] = await Promise.all([
    access.ec2.inventory.ofInstances([asked.instanceId], signal),
    access.kubernetes.listNetworkAttachmentDefinitions(signal),
    readLedgers(access, eniIds, signal),
  ]);
  const known = { ...asked, enis, enisReadAt };
  return readPodsOf(access, known, definitions, { guessed, signal });
}

/** A node that is to be read. */
export interface AskedNode {
  readonly node: string;
  readonly instanceId: string;
  /** The ENIs that it had last. */
  readonly eniIds?: readonly string[];
  /** Another node says that it took an address from it (docs/design.md, rule L17). */
  readonly mayHaveLost?: boolean;
}

/** Reads the ledgers of ENIs. */
export async function readLedgers(
  { kubernetes }: Pick<ClusterAccess, 'kubernetes'>,
  eniIds: readonly string[],
  signal?: AbortSignal,
): Promise<Map<string, LedgerReading>> {
  const readings = await Promise.all(
    eniIds.map(async (id) => [id, await kubernetes.readLedger(id, signal)] as const),
  );
  return new Map(readings);
}

/** An ENI at device index 0 is the VPC CNI's, and has no ledger. */
export function hasLedger({ deviceIndex }: Pick<Eni, 'deviceIndex'>): boolean {
  return deviceIndex !== 0;
}

/**
 * Reads several nodes in the same order, with one read of all their ENIs.
 *
 * @returns a reading for each node, in their order.
 */
export async function readNodes(
  access: ClusterAccess,
  nodes: readonly AskedNode[],
  signal?: AbortSignal,
): Promise<NodeReading[]> {
  if (nodes.length === 0) return [];
  const enisReadAt = access.clock.now();
  const instanceIds = nodes.map(({ instanceId }) => instanceId);
  const [all, definitions] = await Promise.all([
    access.ec2.inventory.ofInstances(instanceIds, signal),
    access.kubernetes.listNetworkAttachmentDefinitions(signal),
  ]);
  return Promise.all(
    nodes.map((node) => {
      const enis = all.filter(({ instanceId }) => instanceId === node.instanceId);
      return readPodsOf(access, { ...node, enis, enisReadAt }, definitions, { signal });
    }),
  );
}

interface NodeWithEnis extends AskedNode {
  /** Read before. */
  readonly enis: readonly Eni[];
  readonly enisReadAt: number;
}

async function readPodsOf(
  access: ClusterAccess,
  { node, instanceId, enis, enisReadAt, mayHaveLost }: NodeWithEnis,
  definitions: readonly NetworkAttachmentDefinition[],
  {
    guessed = new Map(),
    signal,
  }: { guessed?: ReadonlyMap<string, LedgerReading>; signal?: AbortSignal },
): Promise<NodeReading> {
  const ids = enis.filter(hasLedger).map(({ id }) => id);
  const unknown = ids.filter((id) => !guessed.has(id));
  const [subnets, more] = await Promise.all([
    access.ec2.subnets.of(
      enis.map((eni) => eni.subnetId),
      signal,
    ),
    readLedgers(access, unknown, signal),
  ]);
  const ofEnis = new Map([...guessed, ...more].filter(([id]) => ids.includes(id)));
  const ledgers = ledgersFrom({ kind: 'ledgers', byEni: ofEnis });
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
  const [limits, networks] = await Promise.all([
    access.ec2.limitsOf(nodeObject.instanceType, signal),
    networksFor(access, definitions, pods, { signal }),
  ]);
  const reading = { networks: networks.byName, recorded: recordedByPod(ofEnis), now: listedAt };
  const claims = pods.map((pod) => claimsOf(pod, reading));
  const state: NodeState = {
    ...identity(nodeObject, instanceId),
    limits,
    enis: correctedBy(ledgers, enis, enisReadAt, mayHaveLost),
    subnets,
    pods: claims.filter((pod) => pod !== undefined),
    podObjects: new Map(pods.map((pod) => [pod.uid, pod])),
    ranges: networks.ranges,
    networks: networks.byName,
    managedTag: tagText(access),
    ledgers,
    enisReadAt,
    listedAt,
  };
  return { kind: 'state', state: await withCurrentSubnets(access, state, signal) };
}

/** One more call, and only if an IPv6 block that came or went since would change anything. */
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
