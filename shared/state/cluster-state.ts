import type { Address } from '../address.ts';
import type { PodClaims } from '../claims/claim.ts';
import { claimsOf } from '../claims/pod-claims.ts';
import type { NetworkAttachmentDefinition, Node, Pod } from '../cluster/kubernetes.ts';
import type { LedgersReading } from '../cluster/ledgers.ts';
import type { Eni } from '../enis/eni.ts';
import { correctedBy, type Ledgers, ledgersFrom, recordedIn } from '../plan/ledger.ts';
import { outdatedSubnets } from '../plan/outdated-subnets.ts';
import type { ClusterAccess } from './cluster-access.ts';
import { type Networks, networksFor } from './networks.ts';
import { identity, type NodeState, tagText } from './node-state.ts';
import type { SeenEnis } from './seen-enis.ts';
import { settledNodes, soleNodes } from './sole-node.ts';

/** A whole cluster as a sweep sees it. Nothing is written on its strength: it only says where to look. */
export interface ClusterState {
  readonly networks: Networks;
  /** By instance; only those that one Node alone names and that concern us, by their ENIs or pods. */
  readonly states: ReadonlyMap<string, NodeState>;
  /** The pods of each node outside EC2, by its name. */
  readonly outsideEc2: ReadonlyMap<string, readonly Pod[]>;
  /**
   * Live pods that are bound to a node that does not exist, or that is on EC2 and has no instance of
   * its own, by the addresses that they claim.
   */
  readonly stranded: ReadonlyMap<Address, readonly PodClaims[]>;
  readonly ledgers: Ledgers;
}

/** What a cluster's API server lists. */
export interface ClusterListing {
  readonly nodes: readonly Node[];
  readonly pods: readonly Pod[];
  readonly definitions: readonly NetworkAttachmentDefinition[];
  /** Read before the pods. */
  readonly ledgers: LedgersReading;
  /** When the ENIs were asked for, ms since the epoch. */
  readonly enisReadAt: number;
  /** When it was asked for, ms since the epoch. */
  readonly listedAt: number;
}

/**
 * Lists a cluster, after its ENIs were read.
 *
 * @param enisReadAt when the ENIs were asked for, ms since the epoch.
 * @throws what the API server throws.
 */
export async function listCluster(
  { advertisesRoom, clock, kubernetes }: ClusterAccess,
  enisReadAt: number,
  signal?: AbortSignal,
): Promise<ClusterListing> {
  const ledgers = await kubernetes.listLedgers(signal);
  const listedAt = clock.now();
  const [nodes, pods, definitions] = await Promise.all([
    advertisesRoom ? kubernetes.listWholeNodes(signal) : kubernetes.listNodes(signal),
    kubernetes.listPods({ signal }),
    kubernetes.listNetworkAttachmentDefinitions(signal),
  ]);
  return { nodes, pods, definitions, ledgers, enisReadAt, listedAt };
}

/**
 * Puts together what was listed and what EC2 has.
 *
 * @param managed the ENIs with the managed tag, read before the cluster was listed.
 * @throws what EC2 throws, which is asked for subnets and instance types that are not known yet.
 */
export async function clusterStateOf(
  access: ClusterAccess,
  listing: ClusterListing,
  managed: SeenEnis,
  signal?: AbortSignal,
): Promise<ClusterState> {
  const { nodes, pods } = listing;
  const networks = await networksFor(access, listing.definitions, pods, {
    advertised: access.advertisesRoom,
    signal,
  });
  const podsOf = Map.groupBy(pods, (pod) => pod.node ?? '');
  const sole = soleNodes(nodes);
  const read = nodes.flatMap((node) => {
    if (node.instanceId === undefined || !sole.has(node.name)) return [];
    const ofNode = { enis: managed.of(node.instanceId), pods: podsOf.get(node.name) ?? [] };
    return stateOf(
      access,
      listing,
      { node, instanceId: node.instanceId, ...ofNode },
      networks,
      signal,
    );
  });
  const states = await withSubnets(access, (await Promise.all(read)).filter(isOurs), signal);
  const outside = new Set(nodes.filter(({ outsideEc2 }) => outsideEc2).map(({ name }) => name));
  const settled = settledNodes(nodes);
  const lost = pods.filter(({ node }) => node !== undefined && !settled.has(node));
  return {
    networks,
    states: new Map(states.map((state) => [state.instanceId, state])),
    outsideEc2: new Map([...outside].map((name) => [name, podsOf.get(name) ?? []])),
    ledgers: ledgersFrom(listing.ledgers),
    stranded: byAddress(claimsOfPods(lost, networks, listing)),
  };
}

function isOurs({ advertised, enis, pods, podObjects }: NodeState): boolean {
  if (Object.keys(advertised?.capacity ?? {}).length > 0) return true;
  const claims = pods.some((pod) => pod.claims.length > 0);
  const waits = podObjects.values().some(({ gated, condition }) => gated || condition);
  return enis.length > 0 || claims || waits;
}

/** One call for all subnets that are not known yet, and one for those whose change would matter. */
async function withSubnets(
  { ec2 }: ClusterAccess,
  states: readonly NodeState[],
  signal?: AbortSignal,
): Promise<NodeState[]> {
  const ids = new Set(states.flatMap(({ enis }) => enis.map(({ subnetId }) => subnetId)));
  const known = await ec2.subnets.of([...ids], signal);
  const judged = states.map((state) => ({ ...state, subnets: known }));
  const outdated = new Set(judged.flatMap(outdatedSubnets));
  if (outdated.size === 0) return judged;
  const subnets = new Map([...known, ...(await ec2.subnets.again([...outdated], signal))]);
  return judged.map((state) => ({ ...state, subnets }));
}

/** The same state with the ENIs of some instances read anew, the unmanaged ones among them. */
export async function withEnis(
  access: ClusterAccess,
  state: NodeState,
  enis: SeenEnis,
  signal?: AbortSignal,
): Promise<NodeState> {
  const own = enis.of(state.instanceId);
  const ids = own.map(({ subnetId }) => subnetId);
  const subnets = await access.ec2.subnets.of(ids, signal);
  return { ...state, enis: correctedBy(state.ledgers, own, state.enisReadAt), subnets };
}

interface ListedNode {
  readonly node: Node;
  readonly instanceId: string;
  readonly enis: readonly Eni[];
  readonly pods: readonly Pod[];
}

async function stateOf(
  access: ClusterAccess,
  listing: ClusterListing,
  { node, instanceId, enis: shown, pods }: ListedNode,
  networks: Networks,
  signal?: AbortSignal,
): Promise<NodeState> {
  const ledgers = ledgersFrom(listing.ledgers);
  const enis = correctedBy(ledgers, shown, listing.enisReadAt);
  return {
    ...identity(node, instanceId),
    limits: enis.length > 0 ? await access.ec2.limitsOf(node.instanceType, signal) : undefined,
    enis,
    subnets: new Map(),
    pods: claimsOfPods(pods, networks, listing),
    podObjects: new Map(pods.map((pod) => [pod.uid, pod])),
    ranges: networks.ranges,
    networks: networks.byName,
    managedTag: tagText(access),
    ledgers,
    enisReadAt: listing.enisReadAt,
    listedAt: listing.listedAt,
  };
}

function claimsOfPods(
  pods: readonly Pod[],
  { byName }: Networks,
  { ledgers, listedAt }: ClusterListing,
): PodClaims[] {
  const reading = { networks: byName, recorded: recordedIn(ledgers), now: listedAt };
  return pods.map((pod) => claimsOf(pod, reading)).filter((claims) => claims !== undefined);
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
