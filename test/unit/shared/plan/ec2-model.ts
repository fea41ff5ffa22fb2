import { type Address, contains, familyOf } from '../../../../shared/address.ts';
import type { Eni, InstanceLimits } from '../../../../shared/enis/eni.ts';
import type { Assignment, Plan } from '../../../../shared/plan/decision.ts';
import { type PlanInput, plan } from '../../../../shared/plan/plan.ts';

/**
 * EC2 as far as a plan sees it, as a pure function: strict, so that a plan which asks for what EC2
 * would refuse as a whole fails the test.
 */

export function hasAddress(eni: Eni, address: Address): boolean {
  return (
    eni.primary.includes(address) ||
    eni.secondary.includes(address) ||
    eni.prefixes.some((prefix) => contains(prefix, address))
  );
}

export function unassign(enis: readonly Eni[], eniId: string, address: Address): Eni[] {
  const eni = eniOf(enis, eniId);
  if (!eni.secondary.includes(address)) throw new Error(`${address} is not assigned to ${eniId}`);
  const secondary = eni.secondary.filter((each) => each !== address);
  return enis.map((each) => (each === eni ? { ...eni, secondary } : each));
}

/** `undefined` where another ENI has the address. */
export function assign(
  enis: readonly Eni[],
  eniId: string,
  address: Address,
  limits?: InstanceLimits,
): Eni[] | undefined {
  const eni = eniOf(enis, eniId);
  if (eni.secondary.includes(address)) return [...enis];
  if (enis.some((each) => hasAddress(each, address))) return undefined;
  const after = { ...eni, secondary: [...eni.secondary, address] };
  if (isOver(after, limits)) throw new Error(`${eniId} would exceed its limit with ${address}`);
  return enis.map((each) => (each === eni ? after : each));
}

/**
 * Applies a plan in its order: unassigns, then assigns, then what waits for the room of what was
 * refused. What is on an ENI elsewhere is refused.
 */
export function applied(
  before: readonly Eni[],
  plan: Plan,
  limits?: InstanceLimits,
): { readonly enis: readonly Eni[]; readonly refused: readonly Assignment[] } {
  let enis = [...before];
  for (const { eniId, address } of plan.release) enis = unassign(enis, eniId, address);
  for (const { fromEniId, address } of plan.move) enis = unassign(enis, fromEniId, address);
  for (const { eniId, address } of plan.releaseUnseen) {
    if (eniOf(enis, eniId).secondary.includes(address)) enis = unassign(enis, eniId, address);
  }
  const refused: Assignment[] = [];
  for (const assignment of [...plan.move, ...plan.assign]) {
    const after = assign(enis, assignment.eniId, assignment.address, limits);
    if (after === undefined) refused.push(assignment);
    else enis = after;
  }
  for (const { address, eniId } of plan.waiting) {
    const room = roomOf(eniOf(enis, eniId), familyOf(address), limits);
    if (room > 0) enis = assign(enis, eniId, address, limits) ?? enis;
  }
  return { enis, refused };
}

export function isOver(eni: Eni, limits?: InstanceLimits): boolean {
  return ([4, 6] as const).some((family) => roomOf(eni, family, limits) < 0);
}

/** How many more addresses of the family the ENI takes. */
export function roomOf(eni: Eni, family: 4 | 6, limits?: InstanceLimits): number {
  if (limits === undefined) return Number.POSITIVE_INFINITY;
  const addresses = [...eni.primary, ...eni.secondary].filter((each) => familyOf(each) === family);
  const prefixes = eni.prefixes.filter((prefix) => prefix.family === family);
  return (family === 4 ? limits.ipv4 : limits.ipv6) - addresses.length - prefixes.length;
}

function eniOf(enis: readonly Eni[], eniId: string): Eni {
  const eni = enis.find(({ id }) => id === eniId);
  if (eni === undefined) throw new Error(`there is no ENI ${eniId}`);
  return eni;
}

/** The node with what a reconcile tells its pods; terminating ones are told nothing. */
export function withConditions(node: PlanInput): PlanInput {
  const { held, keep } = plan(node);
  const toldOf = (uid: string, address: Address): string | undefined =>
    [...keep, ...held].find(({ claim }) => claim.pod.uid === uid && claim.address === address)
      ?.eniId;
  const pods = node.pods.map((pod) => {
    if (pod.terminating) return pod;
    const claims = pod.claims.map((claim) => {
      return { ...claim, assignedTo: toldOf(pod.pod.uid, claim.address) };
    });
    return { ...pod, claims };
  });
  return { ...node, pods };
}
