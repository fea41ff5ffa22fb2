import { familyOf } from '../address.ts';
import type { Claim, PodClaims } from '../claims/claim.ts';
import { parseProblems } from '../claims/condition-message.ts';
import type { Pod } from '../cluster/kubernetes.ts';
import type { Eni } from '../enis/eni.ts';
import { inSubnetOf, type NodeEnis } from '../enis/eni-facts.ts';
import { chooseEni } from '../plan/choose-eni.ts';

/** A node with its pods' claims, judged by subnets that may have been read long ago. */
export interface JudgedNode extends NodeEnis {
  readonly pods: readonly PodClaims[];
  /** By uid. */
  readonly podObjects: ReadonlyMap<string, Pod>;
}

/**
 * The subnets of the node's managed ENIs that are to be asked for again before anything is decided:
 * those of all of them, or of none. An IPv6 block may have come or gone since they were read. It
 * matters if a claimed IPv6 address
 *
 * - is in no known block of its ENI's subnet, or of any: the block may have come since;
 * - is on another ENI than the known blocks say: it would be moved from there;
 * - was told to be outside, or refused by EC2: the block may have gone.
 */
export function outdatedSubnets(node: JudgedNode): string[] {
  const managed = node.enis.filter((eni) => eni.managed);
  if (managed.length === 0) return [];
  const matters = node.pods.some((pod) => {
    const claims = pod.claims.filter(({ address }) => familyOf(address) === 6);
    return (
      claims.some((claim) => isElsewhere(claim, node, managed)) ||
      isToldOf(claims, node.podObjects.get(pod.pod.uid))
    );
  });
  return matters ? [...new Set(managed.map(({ subnetId }) => subnetId))] : [];
}

function isElsewhere(claim: Claim, node: NodeEnis, managed: readonly Eni[]): boolean {
  const choice = chooseEni(claim, node);
  if (choice.kind !== 'eni') return choice.kind === 'not-our-network';
  const { eni } = choice;
  if (!inSubnetOf(eni, claim.address, node)) return true;
  return managed.some(
    ({ id, secondary, vpcId }) =>
      id !== eni.id && vpcId === eni.vpcId && secondary.includes(claim.address),
  );
}

const TOLD: ReadonlySet<string> = new Set(['outside-subnet', 'refused']);

function isToldOf(claims: readonly Claim[], pod: Pod | undefined): boolean {
  if (claims.length === 0 || pod?.condition === undefined) return false;
  const told = parseProblems(pod.condition.message).filter(({ kind }) => TOLD.has(kind));
  const addresses = new Set(told.map(({ address }) => address));
  return claims.some(({ address }) => addresses.has(address));
}
