import type { Node } from '../cluster/kubernetes.ts';

/**
 * The Node that an instance belongs to, if one and only one names it. Where a worker registered
 * under a new name while its old Node stays, each of the two knows its own pods alone: neither may
 * stand for the instance, or the other's live pods would lose their addresses.
 */
export function soleNodeOf(
  nodes: readonly Node[],
  instanceId: string | undefined,
): Node | undefined {
  if (instanceId === undefined) return undefined;
  const naming = nodes.filter((node) => node.instanceId === instanceId);
  return naming.length === 1 ? naming[0] : undefined;
}

/** The names of the Nodes that stand for an instance of their own. */
export function soleNodes(nodes: readonly Node[]): Set<string> {
  const byInstance = Map.groupBy(nodes, ({ instanceId }) => instanceId);
  return new Set(
    [...byInstance].flatMap(([instanceId, [node, ...others]]) =>
      instanceId !== undefined && node && others.length === 0 ? [node.name] : [],
    ),
  );
}
