import {
  COUNTED_FOR_MS,
  type Counted,
  countAddresses,
  isMass,
  NEVER_TOO_MANY,
  type ReleaseCount,
} from '../shared/plan/brake.ts';
import type { Placement } from '../shared/plan/verdict.ts';
import type { ClusterAccess } from '../shared/state/cluster-access.ts';
import type { NodeState } from '../shared/state/node-state.ts';
import type { Clock } from '../shared/time/clock.ts';

/** Keeps many addresses from being released at once whose end nobody saw (docs/design.md, "The brake"). */
export interface Brake {
  /**
   * Whether addresses may be released without counting the cluster, as few were lately.
   *
   * @param left of the node; nobody saw their claims end.
   */
  areFew(cluster: string, left: readonly Placement[]): boolean;
  /**
   * Whether addresses may be released, as those that are left in the whole cluster are.
   *
   * @param left of the node; nobody saw their claims end.
   * @returns false also if the cluster cannot be counted.
   */
  lets(
    access: ClusterAccess,
    state: NodeState,
    left: readonly Placement[],
    signal?: AbortSignal,
  ): Promise<boolean>;
}

export interface BrakeSettings {
  /** Of a cluster's addresses, from 0 to 1. */
  readonly maxShare: number;
  /** How many execution environments release side by side. */
  readonly writers: number;
}

/** How long a count is used: by the turn that starts over, and by the other nodes of the batch. */
const GOOD_FOR_MS = 10_000;

/**
 * The brake of one execution environment. All of them see the same cluster, so none needs to hear of
 * the others: each may release its part of NEVER_TOO_MANY before it counts.
 */
export function createBrake(clock: Clock, { maxShare, writers }: BrakeSettings): Brake {
  /** By cluster: what was to be released, and when, ms since the epoch. */
  const released = new Map<string, Map<string, number>>();
  const counted = new Map<string, { readonly at: number; readonly whole: Promise<Counted> }>();

  const lately = (cluster: string): Map<string, number> => {
    const known = released.get(cluster) ?? new Map<string, number>();
    released.set(cluster, known);
    const since = clock.now() - COUNTED_FOR_MS;
    for (const [key, at] of known) if (at < since) known.delete(key);
    return known;
  };
  const count = (
    access: ClusterAccess,
    state: NodeState,
    signal?: AbortSignal,
  ): Promise<Counted> => {
    const known = counted.get(access.cluster);
    if (known !== undefined && clock.now() - known.at <= GOOD_FOR_MS) return known.whole;
    const whole = countWhole(access, state, signal);
    counted.set(access.cluster, { at: clock.now(), whole });
    whole.catch(() => counted.delete(access.cluster));
    return whole;
  };

  const noted = (cluster: string, left: readonly Placement[]): true => {
    for (const each of left) lately(cluster).set(keyOf(each), clock.now());
    return true;
  };

  return {
    areFew(cluster, left) {
      const all = new Set([...lately(cluster).keys(), ...left.map(keyOf)]);
      return all.size <= NEVER_TOO_MANY / writers && noted(cluster, left);
    },
    async lets(access, state, left, signal) {
      const { cluster, telemetry } = access;
      try {
        const { left: everywhere, addresses } = await count(access, state, signal);
        const gone = [...lately(cluster).keys()].filter((key) => !everywhere.has(key));
        const seen = { addresses, unclaimed: everywhere.size, released: gone.length };
        return isMass(seen, maxShare) ? held(access, state.node, seen) : noted(cluster, left);
      } catch (error) {
        telemetry.error('the cluster was not counted: nothing is released', { cluster }, error);
        return false;
      }
    },
  };
}

function keyOf({ address, eniId }: Placement): string {
  return `${eniId}/${address}`;
}

function held({ cluster, telemetry }: ClusterAccess, node: string, seen: ReleaseCount): false {
  const text = 'too many addresses are left at once: what nobody saw end is not released';
  telemetry.info(text, { cluster, node }, { ...seen });
  return false;
}

/** Counts what the ledgers have of a cluster's ENIs, and what of it no pod claims: ENIs and ledgers first, then pods. */
async function countWhole(
  { ec2, kubernetes }: ClusterAccess,
  { networks }: NodeState,
  signal?: AbortSignal,
): Promise<Counted> {
  const [enis, ledgers] = await Promise.all([
    ec2.inventory.managed(signal),
    kubernetes.listLedgers(signal),
  ]);
  if (ledgers.kind === 'unusable')
    throw new Error(`the ENILedgers cannot be read: ${ledgers.detail}`);
  const [nodes, pods] = await Promise.all([
    kubernetes.listNodes(signal),
    kubernetes.listPods({ signal }),
  ]);
  return countAddresses({ enis, ledgers, nodes, pods, networks });
}
