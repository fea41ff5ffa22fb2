import type { Address } from '../address.ts';
import type { PodClaims } from '../claims/claim.ts';
import type { Node } from '../cluster/kubernetes.ts';
import type { Eni } from '../enis/eni.ts';
import { type Ledgers, ledgersFrom, NO_LEDGERS, recordedByPod } from '../plan/ledger.ts';
import type { ClusterAccess } from '../state/cluster-access.ts';
import { type NodeState, readLedgers, readNodes } from '../state/node-state.ts';
import { soleNodeOf } from '../state/sole-node.ts';
import { StalePodsError } from './release.ts';
import { findSuspects, readStranded } from './stranded.ts';

/** An ENI that has an address which a pod of another ENI claims, and who may be its holder. */
export interface HolderView {
  readonly eni: Eni;
  /** Its ledger, read before its pods. */
  readonly ledgers: Ledgers;
  /** Absent if the ENI is detached, or no Node names its instance. */
  readonly node?: NodeState;
  /**
   * Live pods that claim the addresses and whose node does not exist, names no instance yet, or names
   * one that another Node names too. They are read only if `node` is absent.
   */
  readonly stranded: readonly PodClaims[];
  /** When its pods were asked for, ms since the epoch. */
  readonly listedAt: number;
}

/**
 * Reads who may hold addresses that others claim. Of an ENI that a node has: the node's ENIs again and their
 * ledgers, then its pods. Of one that no Node stands for: the pods of nodes that may come back.
 *
 * @param enis seen to have some of the addresses just before.
 * @throws StalePodsError if a Node went or changed its instance meanwhile; what EC2 and the API server
 * throw.
 */
export async function readHolders(
  access: ClusterAccess,
  enis: readonly Eni[],
  addresses: readonly Address[],
  signal?: AbortSignal,
): Promise<HolderView[]> {
  const bare = (eni: Eni): HolderView => {
    return { eni, ledgers: NO_LEDGERS, stranded: [], listedAt: access.clock.now() };
  };
  const managed = enis.filter((eni) => eni.managed);
  // Nothing of an unmanaged ENI can be taken, so nobody need be asked about it.
  if (managed.length === 0) return enis.map(bare);

  const nodes = await access.kubernetes.listNodes(signal);
  const owned = managed.filter(({ instanceId }) => soleNodeOf(nodes, instanceId));
  const ownerless = managed.filter(
    (eni) => !owned.includes(eni) && eni.clusters.includes(access.cluster),
  );
  const others = enis.filter((eni) => !owned.includes(eni) && !ownerless.includes(eni));
  // Before anything is read that ages: it may take long.
  const ledgers = await readLedgers(access, idsOf(ownerless), signal);
  const recorded = recordedByPod(ledgers);
  const suspects =
    ownerless.length > 0
      ? await findSuspects(access, nodes, { addresses: new Set(addresses), recorded }, signal)
      : undefined;
  const listedAt = access.clock.now();
  const instanceIds = new Set(ownerless.map(({ instanceId }) => instanceId));
  const [ofNodes, stranded] = await Promise.all([
    readOwned(access, nodes, owned, signal),
    suspects ? readStranded(access, nodes, instanceIds, suspects, signal) : [],
  ]);
  return [
    ...others.map(bare),
    ...ofNodes,
    ...ownerless.map((eni) => {
      return { eni, ledgers: ledgersFrom({ kind: 'ledgers', byEni: ledgers }), stranded, listedAt };
    }),
  ];
}

const idsOf = (enis: readonly Eni[]): string[] => enis.map(({ id }) => id);

async function readOwned(
  access: ClusterAccess,
  nodes: readonly Node[],
  enis: readonly Eni[],
  signal?: AbortSignal,
): Promise<HolderView[]> {
  const owners = [...new Set(enis.map(({ instanceId }) => instanceId))].flatMap((instanceId) => {
    const node = soleNodeOf(nodes, instanceId);
    return node && instanceId !== undefined ? [{ node: node.name, instanceId }] : [];
  });
  const readings = await readNodes(access, owners, signal);
  return readings.flatMap((reading) => {
    if (reading.kind !== 'state') {
      throw new StalePodsError('a Node went, or changed its instance, while it was asked about');
    }
    const { state } = reading;
    // An ENI that left the node meanwhile was asked about at the wrong node: it is looked up again.
    return state.enis
      .filter((eni) => enis.some((seen) => seen.id === eni.id))
      .map((eni) => {
        return { eni, ledgers: state.ledgers, node: state, stranded: [], listedAt: state.listedAt };
      });
  });
}
