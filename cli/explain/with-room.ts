import { driftOf } from '../../shared/drift/drift.ts';
import type { ClusterAccess } from '../../shared/state/cluster-access.ts';
import { withoutRefused } from '../view/partial.ts';
import type { View } from '../view/view.ts';
import type { PodExplanation } from './pod.ts';

/** How many addresses an ENI takes matters where one is to be put on it, and nowhere else. */
const PUTS_ON_ENI: readonly string[] = ['assign', 'move'];

/** The same access, which does not ask how many addresses ENIs take. */
export function withoutLimits(access: ClusterAccess): ClusterAccess {
  return { ...access, ec2: { ...access.ec2, limitsOf: () => Promise.resolve(undefined) } };
}

/**
 * Asks EC2 how many addresses the ENIs of a pod's node take, where the pod's explanation rests on it:
 * one call, which a pod that has its addresses does not need.
 *
 * @param view that was read without limits.
 * @returns `undefined` if nothing changes by it.
 */
export async function withRoom(
  access: ClusterAccess,
  view: View,
  { claims, node: name = '' }: PodExplanation,
): Promise<View | undefined> {
  const node = view.nodes.get(name);
  const needed = claims.some(({ conclusion }) => PUTS_ON_ENI.includes(conclusion.kind));
  if (node === undefined || !needed) return undefined;
  const missing = [...view.missing];
  const { ec2 } = withoutRefused(access, (text) => missing.push(text));
  const type = view.allNodes.find((each) => each.name === name)?.instanceType;
  const state = { ...node.state, limits: await ec2.limitsOf(type) };
  const nodes = new Map(view.nodes).set(name, { state, drift: driftOf(view, state) });
  return { ...view, nodes, missing };
}
