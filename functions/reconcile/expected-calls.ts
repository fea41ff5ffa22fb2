import { type Family, familyOf } from '../../shared/address.ts';
import type { Calls } from '../../shared/enis/call-budget.ts';
import { type Placement, type Verdict, wanting } from '../../shared/plan/verdict.ts';
import type { NodeMemory, NodeRequest } from './scope.ts';

/** Of a node that was not read yet. */
const USUAL_ENIS = 2;
/**
 * New pods of a node are told in several messages, and the reconcile of the first serves them all. If
 * the other messages have waited for this long, little work is left in them. So they are looked at
 * without a reservation, which would keep tokens from nodes with work. Looking earlier would spend the
 * tokens sooner than they refill beside a neighbour (`npm run bench:budget`, scenarios `burst` and
 * `neighbour`).
 */
const OLD_MS = 18_000;

/**
 * The calls that a node's messages let expect, before it is read: one for each managed ENI; of a look, none.
 *
 * @param now ms since the epoch.
 */
export function expectedCalls(
  { expects, since }: Pick<NodeRequest, 'expects' | 'since'>,
  { managedEnis = USUAL_ENIS }: Pick<NodeMemory, 'managedEnis'>,
  now: number,
): Calls {
  if (expects.assigns && now - since > OLD_MS) return {};
  return {
    ...(expects.assigns ? { AssignPrivateIpAddresses: managedEnis } : {}),
    ...(expects.unassigns ? { UnassignPrivateIpAddresses: managedEnis } : {}),
  };
}

/** The calls that verdicts take if EC2 refuses nothing: one for each ENI, direction and family. */
export function callsOf(verdicts: readonly Verdict[]): Calls {
  const again = wanting(verdicts, 'keep').filter((verdict) => verdict.again);
  const moves = wanting(verdicts, 'move');
  const assigned = [...wanting(verdicts, 'assign'), ...moves, ...again];
  const leaving = moves.map(({ address, from }) => ({ address, eniId: from }));
  const released = [...wanting(verdicts, 'release'), ...leaving];
  return Object.fromEntries(
    Object.entries({
      AssignPrivateIpAddresses: enisOf(assigned, 4),
      AssignIpv6Addresses: enisOf(assigned, 6),
      UnassignPrivateIpAddresses: enisOf(released, 4),
      UnassignIpv6Addresses: enisOf(released, 6),
    }).filter(([, count]) => count > 0),
  );
}

function enisOf(placements: readonly Placement[], family: Family): number {
  const ofFamily = placements.filter(({ address }) => familyOf(address) === family);
  return new Set(ofFamily.map(({ eniId }) => eniId)).size;
}
