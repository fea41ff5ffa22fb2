import * as z from 'zod';
import { PATHS } from '../../shared/cluster/paths.ts';
import type { Api } from '../access/kubernetes.ts';
import type { View } from '../view/view.ts';

/** How many pods a node takes, by its name. It has one node of each instance type. */
export type MaxPods = ReadonlyMap<string, number>;

const node = z.object({
  status: z
    .object({ allocatable: z.object({ pods: z.coerce.number().optional() }).optional() })
    .optional(),
});

/**
 * Asks one node of each instance type, as those of a type are made alike.
 *
 * @throws what the API server refuses with.
 */
export async function readMaxPods(api: Api, { allNodes, nodes }: View): Promise<MaxPods> {
  const ours = allNodes.filter(({ name }) => {
    return nodes.get(name)?.state.enis.some((eni) => eni.managed);
  });
  const found = new Map<string, number>();
  for (const [, [first]] of Map.groupBy(ours, ({ instanceType }) => instanceType)) {
    if (first === undefined) continue;
    const { status } = node.parse(await api.read(PATHS.node(first.name)));
    const pods = status?.allocatable?.pods;
    if (pods !== undefined) found.set(first.name, pods);
  }
  return found;
}
