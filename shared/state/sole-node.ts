import type { Node } from '../cluster/kubernetes.ts';

/**
 * The Node that an instance belongs to, if one and only one names it. If a worker registered under a
 * new name while its old Node stays, each of the two knows its own pods alone. So neither may stand for
 * the instance. Otherwise the other's live pods would lose their addresses.
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

/**
 * The names of the Nodes whose pods can hold nothing on an ENI that no Node stands for: those of an
 * instance of their own, and those outside EC2. The pods of all other nodes may, also of one that
 * does not exist: it may come back, and then be the ENI's.
 */
export function settledNodes(nodes: readonly Node[]): Set<string> {
  const outside = nodes.filter(({ outsideEc2 }) => outsideEc2).map(({ name }) => name);
  return soleNodes(nodes).union(new Set(outside));
}

/**
 * The same of one Node, as it is by now.
 *
 * @param node absent if no Node has the name any more.
 * @param nodes the cluster's Nodes, read before.
 */
export function isSettled(node: Node | undefined, nodes: readonly Node[]): boolean {
  if (node === undefined) return false;
  const others = nodes.filter(({ name }) => name !== node.name);
  return settledNodes([...others, node]).has(node.name);
}
