/** How many of its pods have something in common, for each node with any. */
export interface NodeCounts {
  add(node: string, by: 1 | -1): void;
  any(node: string): boolean;
}

export function createNodeCounts(): NodeCounts {
  const counts = new Map<string, number>();
  return {
    add(node, by) {
      const count = (counts.get(node) ?? 0) + by;
      if (count > 0) counts.set(node, count);
      else counts.delete(node);
    },
    any: (node) => counts.has(node),
  };
}
