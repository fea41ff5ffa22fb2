import type { Eni } from './eni.ts';
import type { EniInventory } from './inventory.ts';

/**
 * An ENI as a cluster sees it. If tags say that the ENI is of other clusters only, the ENI is never
 * this cluster's, whichever Node names its instance (docs/design.md, rule 4). Whoever may create a Node
 * can write any `providerID`.
 */
export function asSeenBy(cluster: string, eni: Eni): Eni {
  if (eni.clusters.length === 0 || eni.clusters.includes(cluster)) return eni;
  return { ...eni, managed: false, ofOtherCluster: true };
}

/** The same inventory, of which each ENI is as the cluster sees it. */
export function inventoryOf(cluster: string, inventory: EniInventory): EniInventory {
  const seen = (enis: readonly Eni[]): Eni[] => enis.map((eni) => asSeenBy(cluster, eni));
  return {
    ofInstances: async (...asked) => seen(await inventory.ofInstances(...asked)),
    withIds: async (...asked) => seen(await inventory.withIds(...asked)),
    withAddresses: async (...asked) => seen(await inventory.withAddresses(...asked)),
    async *inSubnets(...asked) {
      for await (const page of inventory.inSubnets(...asked)) yield seen(page);
    },
    managed: async (signal) => seen(await inventory.managed(signal)).filter((eni) => eni.managed),
    newestAttachment: inventory.newestAttachment,
  };
}
