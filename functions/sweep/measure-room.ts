import { useOf } from '../../shared/plan/capacity.ts';
import type { NodeState } from '../../shared/state/node-state.ts';

/** How full the managed ENIs of a cluster are, of IPv4; those count of which EC2 says what they take. */
export interface SweptRoom {
  /** Primary addresses and delegated prefixes among them. */
  readonly used: number;
  readonly free: number;
  /** How full the fullest ENI is, in per cent; absent if there is no ENI. */
  readonly fullest?: number;
}

export function measureRoom(nodes: readonly NodeState[]): SweptRoom {
  const uses = nodes.flatMap(({ enis, limits }) =>
    limits === undefined
      ? []
      : enis.filter(({ managed }) => managed).map((eni) => useOf(eni, limits, 4)),
  );
  const used = uses.reduce((sum, each) => sum + each.used, 0);
  const limit = uses.reduce((sum, each) => sum + each.limit, 0);
  const percent = uses.map((each) => Math.round((100 * each.used) / each.limit));
  const fullest = percent.reduce((most, each) => Math.max(most, each), 0);
  return { used, free: limit - used, ...(uses.length > 0 && { fullest }) };
}
