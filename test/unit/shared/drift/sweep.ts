import { type ClusterView, type Drift, driftOf } from '../../../../shared/drift/drift.ts';
import type { Ledgers } from '../../../../shared/plan/ledger.ts';
import { POLICIES, type Policy } from '../../../../shared/plan/policy.ts';
import type { NodeState } from '../../../../shared/state/node-state.ts';
import { seenEnis } from '../../../../shared/state/seen-enis.ts';
import type { PlanInput } from '../plan/fixtures.ts';

/** Long after all that the tests write: tombstones are old. */
const READ_AT = 36_000_000;

function stateOf(node: PlanInput): NodeState {
  const [eni] = node.enis;
  return {
    ...node,
    nodeUid: `uid-${node.node}`,
    instanceId: eni?.instanceId ?? '',
    podObjects: new Map(),
    networks: new Map(),
    enisReadAt: READ_AT,
    listedAt: READ_AT,
  };
}

/** What a sweep finds at these nodes: it sees all their ENIs and ledgers, and no condition. */
export function sweepOf(world: readonly PlanInput[], policy: Policy = POLICIES.sync): Drift[] {
  const [first] = world;
  if (first === undefined) return [];
  const states = world.map(stateOf);
  const ledgers: Ledgers = {
    of: (id) => world.find(({ enis }) => enis.some((eni) => eni.id === id))?.ledgers.of(id),
  };
  const view: ClusterView = {
    cluster: 'demo',
    policy,
    enis: seenEnis(world.flatMap(({ enis }) => enis)),
    state: {
      networks: { byName: new Map(), ranges: first.ranges, unreadable: [] },
      states: new Map(states.map((state) => [state.instanceId, state])),
      outsideEc2: new Map(),
      stranded: new Map(),
      ledgers,
    },
    ...(first.isOurs && { isOurs: first.isOurs }),
  };
  return states.map((state) => driftOf(view, state));
}
