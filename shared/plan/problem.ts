import type { Address } from '../address.ts';
import type { NotAttached, UnreadableAnnotation } from '../claims/claim.ts';
import { IGNORE, NETWORKS } from '../cluster/annotations.ts';
import type { PodRef } from '../cluster/kubernetes.ts';

/** Who has an address that another claims, and on which ENI. */
export interface Holder {
  readonly pod: PodRef;
  readonly node: string;
  readonly eniId: string;
}

/** Why an address that a live pod claims is not on its ENI. A closed set. */
export type AddressProblem =
  | { readonly kind: 'eni-untagged'; readonly eniId: string; readonly tag: string }
  /** Its tags name these clusters, and not the one whose Node names its instance. */
  | {
      readonly kind: 'eni-of-other-cluster';
      readonly eniId: string;
      readonly clusters: readonly string[];
    }
  | { readonly kind: 'eni-ambiguous'; readonly eniIds: readonly string[] }
  /** EC2 shows no ENI at the worker's device that the network names: it may have been attached a moment ago. */
  | { readonly kind: 'eni-not-seen'; readonly device: string }
  | { readonly kind: 'outside-subnet'; readonly eniId: string; readonly subnetId: string }
  | { readonly kind: 'reserved'; readonly eniId: string; readonly subnetId: string }
  | { readonly kind: 'primary'; readonly eniId: string }
  | { readonly kind: 'eni-full'; readonly eniId: string }
  /** A live pod has it and keeps it. */
  | { readonly kind: 'conflict'; readonly holder: Holder }
  /** An ENI has it that we may not take it from. */
  | { readonly kind: 'held-elsewhere'; readonly eniId: string; readonly why: HeldElsewhere }
  /** No ledger names it there, and pods of several namespaces claim it. */
  | { readonly kind: 'unrecorded'; readonly eniId: string }
  | { readonly kind: 'outside-configured-ranges' }
  /** The configuration keeps the block for other namespaces. */
  | {
      readonly kind: 'other-namespaces';
      readonly block: string;
      readonly namespaces: readonly string[];
    }
  | { readonly kind: 'floating-outside-ranges' }
  /** EC2 refused it in words that none of the kinds above stands for. */
  | { readonly kind: 'refused'; readonly eniId: string; readonly answer: string };

/** `not-recorded`: no ledger says that it is ours. `no-ledger`: the ledger there cannot be used. */
export type HeldElsewhere =
  | 'not-our-eni'
  | 'delegated-prefix'
  | 'not-recorded'
  | 'no-ledger'
  | 'policy';

/** A problem of one address that a pod claims. */
export type ClaimProblem = {
  readonly pod: PodRef;
  readonly address: Address;
} & AddressProblem;

/** A problem of one pod: of one address that it claims, of its annotation, or of its networks. */
export type Problem =
  | ClaimProblem
  | ({ readonly pod: PodRef } & (UnreadableAnnotation | NotAttached));

const HELD_ELSEWHERE: Record<HeldElsewhere, string> = {
  'not-our-eni':
    'which is no managed ENI of this cluster. Choose another address, or free it there',
  'delegated-prefix':
    'within a prefix that is delegated to it. Leave the prefix out of the range of the ' +
    'NetworkAttachmentDefinition',
  'not-recorded':
    'and no ENILedger says that it is ours. Unassign it there, or make it ours with ' +
    'multus-eni ledger adopt',
  'no-ledger':
    'and its ENILedger cannot be read or written, so that nothing is taken from there. ' +
    'multus-eni doctor says what is missing',
  policy: 'and the release policy forbids to unassign it there',
};

/** What is wrong and what to do, in one line for the pod's owner. */
export function describeProblem(
  problem: AddressProblem | UnreadableAnnotation | NotAttached,
): string {
  switch (problem.kind) {
    case 'unreadable-annotation':
      return `annotation ${problem.annotation} cannot be read (${problem.detail}). What the ENILedgers say that the pod has is kept; correct the annotation`;
    case 'too-many-addresses':
      return `annotation ${problem.annotation}: the pod claims ${problem.detail}. What the ENILedgers say that the pod has is kept; claim fewer`;
    case 'not-attached':
      return describeNotAttached(problem);
    case 'eni-untagged':
      return `its ENI ${problem.eniId} is not managed. Tag it ${problem.tag}`;
    case 'eni-of-other-cluster':
      return `its ENI ${problem.eniId} is tagged for ${problem.clusters.join(' and ')}, which is another cluster. Correct the tags of the ENI, or the Node whose providerID names its instance`;
    case 'eni-ambiguous':
      return `it may belong on ${problem.eniIds.join(' or ')}. Name the device as the master of the NetworkAttachmentDefinition (eth1, eth2, …)`;
    case 'eni-not-seen':
      return `EC2 shows no ENI at ${problem.device} of the node. The next sweep looks for it again. If it is not attached, attach it; if ${problem.device} is no ENI, annotate the NetworkAttachmentDefinition ${IGNORE}: "true"`;
    case 'outside-subnet':
      return `not in ${problem.subnetId}, the subnet of its ENI ${problem.eniId}. Correct the range or the master of the NetworkAttachmentDefinition`;
    case 'reserved':
      return `AWS reserves the first four addresses and the last one of ${problem.subnetId}. Leave them out of the range of the NetworkAttachmentDefinition`;
    case 'primary':
      return `the primary address of ${problem.eniId}. Leave it out of the range of the NetworkAttachmentDefinition`;
    case 'eni-full':
      return `its ENI ${problem.eniId} has as many addresses as its instance type takes. Move pods to another node, or use a larger instance type`;
    case 'conflict':
      return `held by pod ${problem.holder.pod.namespace}/${problem.holder.pod.name} on node ${problem.holder.node} (${problem.holder.eniId}). Give each node a range of its own (host-local), use whereabouts, or choose another address`;
    case 'held-elsewhere':
      return `on ${problem.eniId}, ${HELD_ELSEWHERE[problem.why]}`;
    case 'unrecorded':
      return `on ${problem.eniId}, pods of several namespaces claim it, and no ENILedger says who has it. Let pods of one namespace claim it`;
    case 'outside-configured-ranges':
      return 'outside the ranges configured for this cluster. Choose another address, or widen the configured ranges';
    case 'other-namespaces':
      return `the configuration keeps ${problem.block} for the namespaces ${listed(problem.namespaces)}. Choose another address, or add the pod's namespace to the setting namespaces`;
    case 'floating-outside-ranges':
      return 'a floating address that lies in no range. Add it to the annotation multus-eni.dev/ranges of a NetworkAttachmentDefinition';
    case 'refused':
      return `EC2 refuses it on ${problem.eniId}: ${problem.answer}`;
  }
}

function describeNotAttached({ networks, since, unreadable }: NotAttached): string {
  const what =
    unreadable === undefined
      ? listed(networks)
      : `what the annotation ${NETWORKS} asks for, which cannot be read (${unreadable}),`;
  const at = new Date(since).toISOString().replace('.000Z', 'Z');
  return `the pod runs without ${what} since ${at}: Multus did not attach it. If Multus was not ready on the node, delete the pod, so that it is made anew. Else see that the NetworkAttachmentDefinition exists, and Multus' log on the node`;
}

/** How long a list may be. It leaves room in an Event, of 1,024 bytes, for what is to be done. */
const MAX_LISTED_LENGTH = 300;

/** The first of the names, and how many there are more. */
function listed(names: readonly string[]): string {
  let length = 0;
  const fitting = names.findIndex((name) => {
    length += name.length + 2;
    return length > MAX_LISTED_LENGTH;
  });
  if (fitting < 0) return names.join(', ');
  const shown = names.slice(0, Math.max(1, fitting));
  const more = names.length - shown.length;
  return more === 0 ? shown.join(', ') : `${shown.join(', ')} and ${more} more`;
}
