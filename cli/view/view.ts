import type { NetworkAttachmentDefinition, Node, Pod } from '../../shared/cluster/kubernetes.ts';
import type { LedgersReading, UnusableLedger } from '../../shared/cluster/ledgers.ts';
import type { ClusterView, Drift } from '../../shared/drift/drift.ts';
import { driftsOf } from '../../shared/drift/drifts.ts';
import type { Eni } from '../../shared/enis/eni.ts';
import type { ClusterAccess } from '../../shared/state/cluster-access.ts';
import { clusterStateOf } from '../../shared/state/cluster-state.ts';
import type { NodeState } from '../../shared/state/node-state.ts';
import { seenEnis } from '../../shared/state/seen-enis.ts';
import { withoutRefused } from './partial.ts';

/** A node as it is, and what its reconcile would do now. */
export interface NodeView {
  readonly state: NodeState;
  readonly drift: Drift;
}

/** One cluster as it is: what the ENIs have, what the pods claim, and what follows from it. */
export interface View extends ClusterView {
  /** All Nodes, also those that have nothing to do with ENIs. */
  readonly allNodes: readonly Node[];
  readonly allPods: readonly Pod[];
  readonly definitions: readonly NetworkAttachmentDefinition[];
  /** The ledgers of all ENIs, or why there are none to be used. */
  readonly ledgers: LedgersReading;
  /** All ENIs that were seen. */
  readonly allEnis: readonly Eni[];
  /** By name: those that are on EC2, and have an instance of their own. */
  readonly nodes: ReadonlyMap<string, NodeView>;
  /** Milliseconds since the epoch. */
  readonly readAt: number;
  /** What could not be read, and why: what follows from it is not known. */
  readonly missing: readonly string[];
}

/**
 * Reads a cluster as a sweep does, and decides about each of its nodes. Also the ENIs without the tag
 * are read, and those elsewhere that have what is missing. Where a part is refused, the rest is given.
 *
 * @param progress is told how far it is.
 * @throws what EC2 and the API server throw about Nodes, ENIs, subnets and pods.
 */
export async function readView(
  whole: ClusterAccess,
  progress: (text: string) => void = () => {},
): Promise<View> {
  const missing: string[] = [];
  const access = withoutRefused(whole, (text) => missing.push(text));
  const { cluster, policy, ec2, clock } = access;
  const readAt = clock.now();
  progress(`${cluster}: reading the Nodes`);
  const allNodes = await access.kubernetes.listNodes();
  const instanceIds = allNodes.flatMap(({ instanceId }) => instanceId ?? []);
  progress(`${cluster}: reading the ENIs of ${allNodes.length} Nodes`);
  const enis = await ec2.inventory.ofInstances(instanceIds);
  progress(`${cluster}: ${enis.length} ENIs; reading the pods`);
  const ledgers = await access.kubernetes.listLedgers();
  if (ledgers.kind === 'unusable') missing.push(ledgersMissing(ledgers));
  const listedAt = clock.now();
  const [allPods, definitions] = await Promise.all([
    access.kubernetes.listPods({}),
    access.kubernetes.listNetworkAttachmentDefinitions(),
  ]);
  const listing = {
    ...{ nodes: allNodes, pods: allPods, definitions, ledgers },
    ...{ enisReadAt: readAt, listedAt },
  };
  const seen = seenEnis(enis);
  const state = await clusterStateOf(access, listing, seen);
  const states = [...state.states.values()];
  progress(`${cluster}: ${allPods.length} pods; comparing ${states.length} nodes`);
  const known = { cluster, isOurs: access.isOurs, policy, state, enis: seen };
  const { nodes: weighed, holders, view } = await driftsOf(access, known, states);
  const nodes = new Map(weighed.map((node) => [node.state.node, node]));
  const ids = new Set(enis.map(({ id }) => id));
  const allEnis = [...enis, ...holders.filter(({ id }) => !ids.has(id))];
  const read = { allNodes, allPods, definitions, ledgers, allEnis, nodes, readAt, missing };
  return { ...view, ...read };
}

/** Why nobody knows whose the addresses are, and what that means (docs/design.md, rule L15). */
function ledgersMissing({ detail, why }: UnusableLedger): string {
  const fix = {
    'no-kind':
      'the kind is not installed: apply deploy/base or the chart. Until then the functions release nothing',
    forbidden: 'you need get and list on eniledgers.multus-eni.dev',
    unreadable: 'they cannot be understood',
    refused: 'the API server refuses it',
  }[why];
  return `not known: what the ENILedgers say, so what is leaked and what is foreign. ${fix} (${detail})`;
}
