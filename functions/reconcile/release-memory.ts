import type { Placement } from '../../shared/plan/decision.ts';

/** A message may tell of events up to a second younger than it says, and clocks differ: ms. */
const MARGIN_MS = 5_000;

/** What one reconcile saw. */
export interface Observation {
  /** When, in ms since the epoch: after the pods were listed, before EC2 was asked. */
  readonly at: number;
  /** The uids of the node's pods that were not finished. */
  readonly pods: ReadonlySet<string>;
  /** Addresses that were not on their ENIs. */
  readonly absent: readonly Placement[];
}

/** That an address is no longer claimed, as messages say it. */
export interface Naming {
  /** When the claim was seen to have ended, ms since the epoch. */
  readonly at: number;
  /** The uids of the pods that let go of it. */
  readonly pods: readonly string[];
}

/** What is remembered of one node's releases: addresses that were not on an ENI any more. */
export interface ReleaseMemory {
  record(observation: Observation): void;
  /** These are on their ENIs again. */
  forget(placements: readonly Placement[]): void;
  /**
   * Whether an address was seen to be absent and is not known to have been assigned since: a read
   * that shows it may be older than the one that did not, since one answer of EC2 that is up to
   * date does not make the next one so (EC2 API Reference, "Eventual consistency").
   */
  contradicts(placement: Placement): boolean;
  /**
   * Whether an address was seen to be absent after the claims that a message names had ended for
   * good: who claimed it since will be named again, so EC2 need not be asked once more. Either it
   * was long after, or the pods that are named were there once and no longer by then.
   */
  covers(placement: Placement, naming: Naming): boolean;
}

/**
 * A memory of one node's releases. A message may ask for a release that was done while it waited,
 * and EC2's tokens are not to be spent on it again. Hundreds do after an outage, or when the node's
 * pods go together and the message of the first has released what all of them had.
 *
 * @param keptMs for how long; as long as messages may name addresses.
 */
export function releaseMemory(keptMs: number): ReleaseMemory {
  const absent = new Map<string, number>();
  /** By uid, when a pod that had been there was first seen to be no longer. */
  const departed = new Map<string, number>();
  let present: ReadonlySet<string> = new Set();
  const key = ({ eniId, address }: Placement): string => `${eniId}/${address}`;

  return {
    record({ at, pods, absent: placements }) {
      for (const known of [absent, departed]) {
        for (const [id, since] of known) if (since < at - keptMs) known.delete(id);
      }
      for (const uid of present.difference(pods)) departed.set(uid, at);
      present = pods;
      for (const placement of placements) absent.set(key(placement), at);
    },
    forget(placements) {
      for (const placement of placements) absent.delete(key(placement));
    },
    contradicts: (placement) => absent.has(key(placement)),
    covers(placement, naming) {
      const at = absent.get(key(placement));
      if (at === undefined) return false;
      if (at > naming.at + MARGIN_MS) return true;
      const { pods } = naming;
      return pods.length > 0 && pods.every((uid) => (departed.get(uid) ?? Infinity) <= at);
    },
  };
}
