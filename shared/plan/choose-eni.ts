import type { Address } from '../address.ts';
import type { Claim } from '../claims/claim.ts';
import type { Eni } from '../enis/eni.ts';
import { holds, inSubnetOf, type NodeEnis } from '../enis/eni-facts.ts';

/** The ENI that a claimed address belongs on, or why there is none. */
export type EniChoice =
  | { readonly kind: 'eni'; readonly eni: Eni; readonly by: ChosenBy }
  /**
   * No ENI of the node comes into question: a bridge, an overlay, SR-IOV. Not our network, unless there is an
   * ENI at `device` that EC2 does not show yet.
   */
  | { readonly kind: 'not-our-network'; readonly device?: string }
  /** The MAC or the master names this ENI of the node, and it is not managed: it lacks the tag, or is of another cluster. */
  | { readonly kind: 'eni-untagged'; readonly eni: Eni }
  | { readonly kind: 'eni-ambiguous'; readonly enis: readonly Eni[] };

/**
 * What an ENI was chosen by: the ledger, if the pod's annotation cannot be read; the attachment's MAC; that
 * the pod has it there, as the ledger and EC2 say; the definition's master; its subnet being the only one that
 * holds the address, or the only one of the pod's attachments that does.
 */
export type ChosenBy = 'record' | 'mac' | 'has-it' | 'master' | 'subnet' | 'siblings';

/** Linux names the interface at device index n `ethN` on Amazon Linux; `ens6` says nothing of the index. */
const DEVICE_NAME = /^eth(\d{1,2})$/;

/**
 * Chooses the ENI of one claim: by the attachment's MAC, otherwise by the device that the
 * NetworkAttachmentDefinition's `master` names. Without both it is the node's only managed ENI whose
 * subnet holds the address (docs/design.md, "Which ENI an address belongs to"). Master and subnet move
 * no address that the pod has, because its interface stays where it was made.
 *
 * @param siblings gives the ENIs of the pod's attachments. They matter if several subnets hold a
 * floating address: then the pod's own subnet is chosen.
 */
export function chooseEni(
  claim: Claim,
  node: NodeEnis,
  siblings: () => ReadonlySet<string> = () => new Set(),
): EniChoice {
  const { enis } = node;
  const { recordedOn = [] } = claim;
  // The first is the one whose ledger says that the pod has it, and not that it had it.
  const [recorded] = claim.unreadable
    ? recordedOn.flatMap((id) => enis.filter((eni) => eni.managed && eni.id === id))
    : [];
  if (recorded) return { kind: 'eni', eni: recorded, by: 'record' };

  const byMac = claim.mac === undefined ? [] : enis.filter((eni) => eni.mac === claim.mac);
  if (byMac.length > 0) return named(byMac, 'mac');

  const chosen = byDefinition(claim, node, siblings);
  // What the new ENI could not have is a problem, of which the pod is told.
  if (chosen.kind !== 'eni' || !inSubnetOf(chosen.eni, claim.address, node)) return chosen;
  // A pod's floating addresses follow its attachments to their ENIs.
  if (chosen.by === 'siblings') return chosen;
  const having = enis.find((eni) => recordedOn.includes(eni.id) && isOursAt(eni, claim.address));
  return having === undefined || having === chosen.eni
    ? chosen
    : { kind: 'eni', eni: having, by: 'has-it' };
}

/** Whether the address is on a managed ENI as one that could be moved. */
function isOursAt(eni: Eni, address: Address): boolean {
  return eni.managed && holds(eni, address);
}

/** The ENI that the definition means now; an interface that was made before may be on another. */
function byDefinition(
  claim: Claim,
  node: NodeEnis,
  siblings: () => ReadonlySet<string>,
): EniChoice {
  const { enis } = node;
  const index = DEVICE_NAME.exec(claim.master ?? '')?.[1];
  const byDevice =
    index === undefined ? [] : enis.filter((eni) => eni.deviceIndex === Number(index));
  if (byDevice.length > 0) return named(byDevice, 'master');

  const bySubnet = enis.filter((eni) => eni.managed && inSubnetOf(eni, claim.address, node));
  // At device index 0 is the VPC CNI's.
  if (bySubnet.length === 0 && claim.master !== undefined && Number(index) > 0) {
    return { kind: 'not-our-network', device: claim.master };
  }
  if (bySubnet.length <= 1) return fromOnly(bySubnet, 'subnet');
  const own = siblings();
  const ofPod = bySubnet.filter((eni) => own.has(eni.id));
  return ofPod.length === 1
    ? fromOnly(ofPod, 'siblings')
    : { kind: 'eni-ambiguous', enis: bySubnet };
}

function fromOnly(candidates: readonly Eni[], by: ChosenBy): EniChoice {
  const [eni] = candidates;
  return eni ? { kind: 'eni', eni, by } : { kind: 'not-our-network' };
}

function named(candidates: readonly Eni[], by: ChosenBy): EniChoice {
  const managed = candidates.filter((eni) => eni.managed);
  if (managed.length > 1) return { kind: 'eni-ambiguous', enis: managed };
  if (managed.length === 1) return fromOnly(managed, by);
  // The ENI at device index 0 is the VPC CNI's: no tag would make it ours.
  const untagged = candidates.find((eni) => eni.deviceIndex !== 0);
  return untagged ? { kind: 'eni-untagged', eni: untagged } : { kind: 'not-our-network' };
}
