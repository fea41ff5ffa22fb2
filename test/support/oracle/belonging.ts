import { type Address, contains, toInteger } from '../../../shared/address.ts';
import type { Claim, PodClaims } from '../../../shared/claims/claim.ts';
import type { Ranges } from '../../../shared/claims/ranges.ts';
import type { Eni, Subnet } from '../../../shared/enis/eni.ts';

/** What a claim is placed by: the ENIs of its node's instance, and the cluster's ranges. */
export interface Place {
  readonly enis: readonly Eni[];
  readonly subnets: ReadonlyMap<string, Subnet>;
  readonly ranges: Ranges;
}

/** Where a claim belongs: on one valid ENI, on none because of a problem, or nowhere of ours. */
export type Belonging = Eni | 'problem' | 'not ours';

/** docs/design.md, "Which ENI an address belongs to", read anew. */
export function belonging(place: Place, pod: PodClaims, claim: Claim): Belonging {
  const fitting = fittingEnis(place, claim);
  if (fitting === 'problem') return 'problem';
  const [first, ...others] = fitting;
  if (first === undefined) return 'not ours';
  if (others.length === 0) return isValid(place, claim, first) ? first : 'problem';
  const attached = pod.claims
    .filter((other) => other.interface !== undefined)
    .map((other) => fittingEnis(place, other))
    .flatMap((enis) => (enis === 'problem' || enis.length !== 1 ? [] : enis));
  const [shared, ...more] = fitting.filter((eni) => attached.includes(eni));
  if (shared === undefined || more.length > 0) return 'problem';
  return isValid(place, claim, shared) ? shared : 'problem';
}

/** The managed ENIs that come into question; a problem if only untagged ones are named. */
function fittingEnis({ enis, subnets }: Place, claim: Claim): readonly Eni[] | 'problem' {
  const managed = enis.filter((eni) => eni.managed);
  const recorded = (claim.recordedOn ?? []).flatMap((id) => managed.filter((eni) => eni.id === id));
  const [stands] = claim.unreadable ? recorded : [];
  if (stands !== undefined) return [stands];
  const byMac = enis.filter((eni) => eni.mac === claim.mac);
  if (byMac.length > 0) return oursOf(byMac);
  const byDevice = enis.filter((eni) => `eth${eni.deviceIndex}` === claim.master);
  const meant =
    byDevice.length > 0
      ? oursOf(byDevice)
      : managed.filter((eni) => inSubnet(eni, claim.address, subnets));
  // What a definition says moves no address that the pod has, unless it could not have it there.
  const [only, ...others] = meant === 'problem' ? [] : meant;
  if (only === undefined || others.length > 0) return meant;
  const has = recorded.filter((eni) => hasIt(eni, claim.address));
  return inSubnet(only, claim.address, subnets) && has[0] !== undefined ? [has[0]] : meant;
}

function oursOf(named: readonly Eni[]): readonly Eni[] | 'problem' {
  const ours = named.filter((eni) => eni.managed);
  const lacksTag = ours.length === 0 && named.some((eni) => eni.deviceIndex !== 0);
  return lacksTag || ours.length > 1 ? 'problem' : ours;
}

function hasIt({ prefixes, primary, secondary }: Eni, address: Address): boolean {
  const singly = primary.includes(address) || secondary.includes(address);
  return singly || prefixes.some((prefix) => contains(prefix, address));
}

function inSubnet(eni: Eni, address: Address, subnets: Place['subnets']): boolean {
  return Boolean(subnets.get(eni.subnetId)?.blocks.some((block) => contains(block, address)));
}

function isValid({ enis, subnets, ranges }: Place, claim: Claim, eni: Eni): boolean {
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
