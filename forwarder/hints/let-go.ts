import type { Clock } from '../../shared/time/clock.ts';

/**
 * For so long an address may still be on the node whose pod let go of it, ms. Most releases are over
 * within ten seconds; where a whole cluster's pods are deleted, EC2's call budget makes it half a minute.
 */
const LATELY_MS = 2 * 60_000;
/**
 * For so long the node is remembered, ms. If SQS took nothing meanwhile, whoever leads next still has it
 * looked at, although no pod of it is left that claims something.
 */
const KEPT_MS = 15 * 60_000;
/** A bound on memory, in addresses; the oldest go first. */
const MOST_KEPT = 50_000;

/** What pods let go of lately. A hint and no more: what it does not know costs a refused call. */
export interface LetGo {
  note(node: string, addresses: readonly string[]): void;
  /** Whether a pod of another node was the last that let go of it, in the last two minutes. */
  byAnother(address: string, node: string): boolean;
  /** The nodes of the pods that let go of something in the last 15 minutes. */
  nodes(): Set<string>;
}

export function createLetGo(clock: Clock): LetGo {
  /** By address, in the order in which they were let go of. */
  const kept = new Map<string, { readonly node: string; readonly at: number }>();
  const forgetOld = (): void => {
    const oldest = clock.now() - KEPT_MS;
    for (const [address, { at }] of kept) {
      if (at >= oldest && kept.size <= MOST_KEPT) return;
      kept.delete(address);
    }
  };
  return {
    note(node, addresses) {
      for (const address of addresses) {
        kept.delete(address);
        kept.set(address, { node, at: clock.now() });
      }
      forgetOld();
    },
    byAnother(address, node) {
      const last = kept.get(address);
      return last !== undefined && last.node !== node && last.at >= clock.now() - LATELY_MS;
    },
    nodes() {
      forgetOld();
      return new Set([...kept.values()].map(({ node }) => node));
    },
  };
}
