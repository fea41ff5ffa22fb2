/**
 * How many addresses of one namespace are kept, on all nodes: twice what 10,000 pods with two networks
 * claim. Each costs a few hundred bytes of the forwarder's memory.
 */
const MOST_OF_NAMESPACE = 50_000;
/** And on one node: no instance type takes as many. */
const MOST_OF_NAMESPACE_ON_NODE = 4_096;

interface Place {
  readonly namespace: string;
  readonly node: string;
}

/**
 * Bounds what is kept of the claims of a namespace. No bound is shared by two namespaces, because one could
 * use up the other's.
 */
export interface Bounds {
  /** Counts addresses that came, or (negative) went. */
  add(place: Place, addresses: number): void;
  /** @param had how many of these addresses are the pod's own. @returns how many a pod may have. */
  roomFor(place: Place, had: number): number;
}

export function createBounds(): Bounds {
  const counts = new Map<string, number>();
  // Neither a namespace nor a node has a slash in its name.
  const keysOf = ({ namespace, node }: Place) => [
    [namespace, MOST_OF_NAMESPACE] as const,
    [`${namespace}/${node}`, MOST_OF_NAMESPACE_ON_NODE] as const,
  ];
  return {
    add(place, addresses) {
      for (const [key] of keysOf(place)) {
        const count = (counts.get(key) ?? 0) + addresses;
        if (count > 0) counts.set(key, count);
        else counts.delete(key);
      }
    },
    roomFor(place, had) {
      const rooms = keysOf(place).map(([key, most]) => most - (counts.get(key) ?? 0) + had);
      return Math.max(0, Math.min(...rooms));
    },
  };
}
