import { type Family, familyOf } from '../../shared/address.ts';
import { FEW } from '../../shared/apply/release.ts';
import type { Calls } from '../../shared/enis/call-budget.ts';
import type { Assignment, Placement, Plan } from '../../shared/plan/decision.ts';
import type { NodeMemory, NodeRequest } from './scope.ts';

/** Of a node that was not read yet. */
const USUAL_ENIS = 2;
/**
 * New pods of a node are told in several messages, and the reconcile of the first serves them all. Where
 * the others have waited for so long, little is left of them: they are looked at without a reservation
 * that keeps tokens from nodes with work. Looking earlier has the tokens spent sooner than they refill
 * beside a neighbour (`npm run bench:budget`, scenarios `burst` and `neighbour`): ms.
 */
const OLD_MS = 18_000;

/**
 * The calls that a node's messages let expect, before it is read: one for each managed ENI; of a look, none.
 *
 * @param now ms since the epoch.
 */
export function expectedCalls(
  { assignKept, expects, since }: Pick<NodeRequest, 'assignKept' | 'expects' | 'since'>,
  { managedEnis = USUAL_ENIS }: Pick<NodeMemory, 'managedEnis'>,
  now: number,
): Calls {
  if (expects.assigns && now - since > OLD_MS) return {};
  return {
    ...(expects.assigns || assignKept ? { AssignPrivateIpAddresses: managedEnis } : {}),
    ...(expects.unassigns ? { UnassignPrivateIpAddresses: managedEnis } : {}),
  };
}

/**
 * The calls that a plan takes if EC2 refuses nothing: one for each ENI, direction and family.
 *
 * @param again what is kept and assigned again.
 */
export function callsOf(plan: Plan, again: readonly Assignment[]): Calls {
  const assigned = [...plan.assign, ...plan.move, ...again];
  const leaving = plan.move.map(({ address, fromEniId }) => ({ address, eniId: fromEniId }));
  const released = [...plan.release, ...leaving];
  const unseen = (family: Family): number => unseenCalls(plan.releaseUnseen, family);
  return Object.fromEntries(
    Object.entries({
      AssignPrivateIpAddresses: enisOf(assigned, 4),
      AssignIpv6Addresses: enisOf(assigned, 6),
      UnassignPrivateIpAddresses: enisOf(released, 4) + unseen(4),
      UnassignIpv6Addresses: enisOf(released, 6) + unseen(6),
    }).filter(([, count]) => count > 0),
  );
}

/** Of a few addresses of an ENI EC2 is asked one by one, of more with one call. */
function unseenCalls(placements: readonly Placement[], family: Family): number {
  const ofFamily = placements.filter(({ address }) => familyOf(address) === family);
  const counts = [...Map.groupBy(ofFamily, ({ eniId }) => eniId).values()].map((on) => on.length);
  return counts.reduce((sum, count) => sum + (count <= FEW ? count : 1), 0);
}

function enisOf(placements: readonly Placement[], family: Family): number {
  const ofFamily = placements.filter(({ address }) => familyOf(address) === family);
  return new Set(ofFamily.map(({ eniId }) => eniId)).size;
}
