import { type Address, contains, toInteger } from '../../../shared/address.ts';
import type { Claim, PodClaims } from '../../../shared/claims/claim.ts';
import type { Eni } from '../../../shared/enis/eni.ts';
import type { PlanInput } from '../../../shared/plan/plan.ts';

/**
 * The rules of who may have an address, written a second time and in another way than the code
 * under test: as sets and reachability, nothing of it calls shared/plan or choose-eni.
 */

export interface Candidate {
  readonly pod: PodClaims;
  readonly claim: Claim;
  readonly eni: Eni;
}

type World = Pick<PlanInput, 'enis' | 'subnets' | 'pods' | 'ranges'>;

/** The live claims of an address that have a valid ENI. */
export function candidates(world: World, address: Address): Candidate[] {
  return world.pods.flatMap((pod) =>
    pod.claims
      .filter((claim) => claim.address === address)
      .flatMap((claim) => {
        const eni = eniOf(world, pod, claim);
        return eni && isValid(world, claim, eni) ? [{ pod, claim, eni }] : [];
      }),
  );
}

/**
 * Whoever may have the address, given the ENI of the node that has it now: reached from the oldest
 * of those that are there and were told so (else of those that are there, else of those that
 * acquire), by steps that the rule allows, until no step is left. None: nobody may.
 */
export function rightful(world: World, address: Address, on: Eni | undefined): Candidate[] {
  const all = candidates(world, address);
  const there = all.filter(({ eni }) => eni.id === on?.id);
  const told = there.filter(({ claim, eni }) => claim.assignedTo === eni.id);
  const live = told.filter(({ pod }) => !pod.terminating);
  const acquiring = all.filter(({ pod }) => !pod.terminating);
  const first = [live, told, there, acquiring].find((list) => list.length > 0) ?? [];
  const [start] = oldestFirst(first);
  if (start === undefined) return [];
  const reached = new Set([start]);
  for (const from of reached) {
    for (const to of all) if (mayPass(from, to)) reached.add(to);
  }
  return [...reached].filter((from) => !all.some((to) => mayPass(from, to)));
}

/** The rule between two pods that claim one address. */
export function mayPass(
  from: Pick<Candidate, 'pod' | 'claim'>,
  to: Pick<Candidate, 'pod' | 'claim'>,
) {
  const sameNamespace = from.pod.pod.namespace === to.pod.pod.namespace;
  const newerFloating = to.claim.floating && to.claim.since > from.claim.since;
  return sameNamespace && !to.pod.terminating && (from.pod.terminating || newerFloating);
}

function oldestFirst(list: readonly Candidate[]): Candidate[] {
  const key = ({ pod }: Candidate) => `${String(pod.createdAt).padStart(20, '0')} ${pod.pod.uid}`;
  return list.toSorted((a, b) => (key(a) < key(b) ? -1 : 1));
}

function eniOf(world: World, pod: PodClaims, claim: Claim): Eni | undefined {
  const sole = candidateEnis(world, claim);
  if (sole.length !== 1) {
    const siblings = pod.claims
      .filter((other) => other.interface !== undefined)
      .flatMap((other) => {
        const enis = candidateEnis(world, other);
        return enis.length === 1 ? enis : [];
      });
    const shared = sole.filter((eni) => siblings.includes(eni));
    return shared.length === 1 ? shared[0] : undefined;
  }
  return sole[0];
}

function candidateEnis({ enis, subnets }: World, claim: Claim): Eni[] {
  const managed = enis.filter((eni) => eni.managed);
  const recorded = managed.filter((eni) => eni.id === claim.recordedEni);
  if (recorded.length > 0) return recorded;
  const ways = [
    (eni: Eni) => eni.mac === claim.mac,
    (eni: Eni) => `eth${eni.deviceIndex}` === claim.master,
  ];
  for (const way of ways) if (enis.some(way)) return managed.filter(way);
  return managed.filter((eni) => inSubnet(eni, claim.address, subnets));
}

function inSubnet(eni: Eni, address: Address, subnets: World['subnets']): boolean {
  return Boolean(subnets.get(eni.subnetId)?.blocks.some((block) => contains(block, address)));
}

function isValid({ enis, subnets, ranges }: World, claim: Claim, eni: Eni): boolean {
  const { address } = claim;
  const block = subnets.get(eni.subnetId)?.blocks.find((each) => contains(each, address));
  if (block === undefined || !ranges.allows(address)) return false;
  const offset = toInteger(address) - block.first;
  if ([0n, 1n, 2n, 3n, block.last - block.first].includes(offset)) return false;
  const onlyFloating = claim.floating && claim.interface === undefined;
  if (onlyFloating && !ranges.includes(address)) return false;
  return enis.every(
    (each) =>
      !each.primary.includes(address) &&
      (each.id === eni.id || !each.prefixes.some((prefix) => contains(prefix, address))),
  );
}
