import type { Address } from '../address.ts';
import type { Eni } from '../enis/eni.ts';
import { holds } from '../enis/eni-facts.ts';
import type { PlacedClaim, PlacedClaims } from './place-claims.ts';

// An instance may have ENIs of several VPCs, and their blocks may be equal (Amazon EC2 User Guide, "Multi-VPC
// ENI attachments"). So an address is one of its VPC: with another VPC it is another address.

/** The claims of one address of one VPC. */
export interface AddressClaims {
  readonly address: Address;
  readonly vpcId: string | undefined;
  readonly claimants: readonly PlacedClaim[];
}

/** Groups the placed claims of a node by what they claim. */
export function claimsByAddress(
  claims: readonly PlacedClaim[],
  enis: readonly Eni[],
): AddressClaims[] {
  return [...Map.groupBy(claims, ({ address }) => address)].flatMap(([address, ofAll]) =>
    [...Map.groupBy(ofAll, (claim) => vpcOf(claim, enis))].map(([vpcId, claimants]) => {
      return { address, vpcId, claimants };
    }),
  );
}

/** The VPC in which the pod has the address, or is to get it. */
function vpcOf(claim: PlacedClaim, enis: readonly Eni[]): string | undefined {
  const having = enis.filter((eni) => holds(eni, claim.address));
  return (staysOn(claim, having) ?? enis.find(({ id }) => id === claim.eniId))?.vpcId;
}

/**
 * The ENI whose ledger names the pod for the address, if it stays there whatever ENI the claim fits now.
 *
 * @param on ENIs that have the address.
 */
export function staysOn(
  { eniId, recordedOn, terminating }: PlacedClaim,
  on: readonly Eni[],
): Eni | undefined {
  const recorded = on.find(({ id }) => recordedOn.includes(id));
  const stays = eniId === undefined || terminating || recorded?.managed === false;
  return stays ? recorded : undefined;
}

/** Whether a claim concerns the address of this VPC: that of its ENI, or of the one whose ledger names its pod. */
export function isOfVpc(
  { eniId, recordedOn }: PlacedClaim,
  { vpcId }: Pick<Eni, 'vpcId'>,
  enis: readonly Eni[],
): boolean {
  return enis.some(
    (eni) => eni.vpcId === vpcId && (eni.id === eniId || recordedOn.includes(eni.id)),
  );
}

/**
 * Whether a live pod claims the address of an ENI, so that it is not released there. A claim that fits no
 * ENI says of no VPC that it does not mean it.
 */
export function claimedIn(
  { claims, inAnyVpc }: PlacedClaims,
  enis: readonly Eni[],
): (address: Address, eni: Eni) => boolean {
  const byAddress = Map.groupBy(claims, ({ address }) => address);
  return (address, eni) =>
    inAnyVpc.has(address) ||
    (byAddress.get(address) ?? []).some((claim) => isOfVpc(claim, eni, enis));
}
