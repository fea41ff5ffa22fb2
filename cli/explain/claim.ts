import type { Address } from '../../shared/address.ts';
import type { Claim, PodClaims } from '../../shared/claims/claim.ts';
import { FLOATING_IPS } from '../../shared/cluster/annotations.ts';
import type { EntryState } from '../../shared/cluster/ledgers.ts';
import { contestedBy } from '../../shared/drift/drift.ts';
import type { Eni } from '../../shared/enis/eni.ts';
import { inPrefixOf } from '../../shared/enis/eni-facts.ts';
import { chooseEni, type EniChoice } from '../../shared/plan/choose-eni.ts';
import { entryOf, whereaboutsOf } from '../../shared/plan/ledger.ts';
import { attachmentEnis, placeClaims } from '../../shared/plan/place-claims.ts';
import { type ClaimProblem, describeProblem, type Holder } from '../../shared/plan/problem.ts';
import { type SpeaksBy, speaking } from '../../shared/plan/speaker.ts';
import { podOf, problemsOf } from '../../shared/plan/verdict.ts';
import { claimsByAddress } from '../../shared/plan/vpcs.ts';
import type { NodeState } from '../../shared/state/node-state.ts';
import { blocksOf, eniName, instant, podName, roomOf } from '../view/text.ts';
import type { NodeView, View } from '../view/view.ts';
import type { Conclusion, Derivation, Line } from './derivation.ts';

interface Explained {
  readonly view: View;
  readonly node: NodeView;
  readonly pod: PodClaims;
  readonly claim: Claim;
}

/** Why one claim of a pod is met or not, from the claim to what a reconcile would do now. Pure. */
export function explainClaim(explained: Explained): Derivation {
  const { node, claim } = explained;
  const choice = chooseEni(claim, node.state, () => attachmentEnis(explained.pod, node.state));
  const lines = [
    ...claimLines(explained),
    rangeLine(explained),
    eniLine(explained, choice),
    ...placeLines(explained, choice),
  ];
  return { address: claim.address, lines, conclusion: conclude(explained, choice) };
}

/** Where a claim was read, in words that may follow `it is claimed`. */
function readFrom({ claim, pod }: Pick<Explained, 'claim' | 'pod'>): string {
  const attached =
    claim.interface === undefined
      ? undefined
      : `network-status gives it to ${claim.interface}, of ${claim.network}${claim.mac === undefined ? '' : `, with the MAC ${claim.mac}`}`;
  if (claim.floating) {
    const floating = `${FLOATING_IPS} names it, since ${instant(claim.since)}`;
    return attached === undefined ? floating : `${attached}; ${floating}`;
  }
  if (attached !== undefined) return attached;
  const [unreadable] = pod.unreadable;
  const why = unreadable === undefined ? '' : `${unreadable.annotation} cannot be read, so `;
  return `${why}what the ENILedgers say that it has counts`;
}

function claimLines({ claim, pod }: Explained): Line[] {
  const lines: Line[] = [{ section: 'claims', text: `${readFrom({ claim, pod })}.` }];
  if (pod.terminating) {
    const text = 'The pod terminates: it keeps what it has, and acquires nothing.';
    lines.push({ section: 'claims', text });
  }
  return lines;
}

function rangeLine({ claim: { address }, node: { state } }: Explained): Line {
  const text = state.ranges.allows(address)
    ? `The configured ranges, if there are any, allow ${address}.`
    : `${address} is outside the ranges that are configured: it is neither assigned nor released.`;
  return { section: 'ledger', text };
}

function eniLine({ claim, node: { state } }: Explained, choice: EniChoice): Line {
  return { section: 'eni', text: chosen(claim, choice, state) };
}

function chosen(claim: Claim, choice: EniChoice, state: NodeState): string {
  switch (choice.kind) {
    case 'not-our-network':
      return `No ENI of the node has its MAC (${claim.mac ?? 'none'}), is its master (${claim.master ?? 'none'}), or has a subnet that holds it.`;
    case 'eni-untagged':
      return choice.eni.ofOtherCluster
        ? `MAC or master name ${eniName(choice.eni)}, which is tagged for ${choice.eni.clusters.join(' and ')}.`
        : `MAC or master name ${eniName(choice.eni)}, which lacks the tag ${state.managedTag}.`;
    case 'eni-ambiguous':
      return `It fits ${choice.enis.map(eniName).join(' and ')}, and neither MAC nor master decides.`;
    case 'eni': {
      const name = eniName(choice.eni);
      const blocks = blocksOf(state.subnets.get(choice.eni.subnetId));
      const by = {
        record: `The ENILedger of ${name} has it.`,
        mac: `1: ${claim.mac} is the MAC of ${name}, in ${choice.eni.subnetId} (${blocks}).`,
        'has-it': `The ENILedger of ${name} (${blocks}) names the pod, and EC2 has it there; an edited definition moves no live pod's address.`,
        master: `2: the master ${claim.master} is ${name}, in ${choice.eni.subnetId} (${blocks}).`,
        subnet: `3: ${name} is the only managed ENI of the node whose subnet (${blocks}) holds it.`,
        siblings: `3: several subnets hold it, and the pod's attachments are on ${name} (${blocks}).`,
      };
      return by[choice.by];
    }
  }
}

/** Where the address is now, who speaks for it, and who has it elsewhere. */
function placeLines(explained: Explained, choice: EniChoice): Line[] {
  const { view, claim, pod, node } = explained;
  const { state } = node;
  const { address } = claim;
  const eni = choice.kind === 'eni' ? choice.eni : undefined;
  const claims = placeClaims(state).claims.filter((each) => each.address === address);
  const own = claimsByAddress(claims, state.enis).find((each) =>
    each.claimants.some(({ pod: { uid } }) => uid === pod.pod.uid),
  );
  if (own === undefined) return [];
  const { claimants, vpcId } = own;
  const enis = state.enis.filter((each) => each.vpcId === vpcId);
  const where = whereaboutsOf(state.ledgers, enis, own);
  const on = where.having;
  const found = speaking(claimants, where);
  const lines: Line[] = [{ section: 'plan', text: isOn(explained, on, eni) }];
  lines.push(...on.map((each) => ledgerLine(state, each, address)));
  if (found !== undefined) {
    const others = claimants.length - 1;
    const text = speaks(podName(found.speaker.pod), found.by, others);
    lines.push({ section: 'plan', text });
  }
  const target = eni && { address, eniId: eni.id };
  const contested = on.length === 0 && target ? contestedBy(view, state, target) : undefined;
  if (contested !== undefined) {
    lines.push(...contestLines(explained, contested.eni));
  } else if (on.length === 0 && eni !== undefined && !pod.terminating) {
    lines.push({ section: 'plan', text: `${eniName(eni)} has ${roomOf(eni, state.limits)}.` });
  }
  return lines;
}

/** What the ledger of an ENI says of an address. */
export function ledgerLine({ ledgers }: NodeState, { id }: Eni, address: Address): Line {
  const reading = ledgers.of(id);
  const entry = entryOf(ledgers, id, address);
  if (reading?.kind === 'unusable') {
    const text = `The ENILedger ${id} cannot be used, so nothing on this ENI is released: ${reading.detail}.`;
    return { section: 'ledger', text };
  }
  if (entry === undefined) {
    const text = `The ENILedger ${id} has no entry for it: the functions did not assign it.`;
    return { section: 'ledger', text };
  }
  const whom = entry.pod === undefined ? 'no pod (it was adopted)' : podName(entry.pod);
  const text = `The ENILedger ${id}: ${SAYS[entry.state]} ${whom}, since ${instant(entry.at)}.`;
  return { section: 'ledger', text };
}

const SAYS: Readonly<Record<EntryState, string>> = {
  assigning: 'Assigning, so EC2 is being asked. It is for',
  assigned: 'Assigned, so it is ours, and was assigned for',
  released: 'Released, so it was unassigned. It was for',
  releasing: 'Releasing, so it was unassigned or is about to be. It was for',
};

function isOn({ claim }: Explained, on: readonly Eni[], eni: Eni | undefined): string {
  const { address } = claim;
  const [first] = on;
  if (first === undefined) return `${address} is on no ENI of the node.`;
  const how = inPrefixOf(first, address) ? ', within a prefix that is delegated to it' : '';
  const where = first.id === eni?.id ? 'that very ENI' : 'not where it belongs by now';
  return `${address} is on ${eniName(first)}${how}: ${where}.`;
}

function speaks(pod: string, by: SpeaksBy, others: number): string {
  if (others === 0) return `${pod} is the only pod of the node that claims it.`;
  const why = {
    holds: '1: the ENILedger says that it has it',
    'on-its-eni': '2: it is on the ENI of its claim',
    oldest: '3: it is the oldest that may get it',
    'passed-on': 'from an older pod of its namespace it passes to this one',
  };
  return `${others + 1} pods of the node claim it, and ${pod} speaks for it. ${why[by]}.`;
}

/** Who holds it on another node, and why it does or does not pass on. */
function contestLines({ view, claim, pod, node }: Explained, eni: Eni): Line[] {
  const { address } = claim;
  const lines: Line[] = [
    { section: 'contest', text: `${address} is on ${eniName(eni)} of ${placeOf(view, eni)}.` },
  ];
  const problem = problemOf(node, pod, claim);
  if (problem?.kind !== 'conflict') return lines;
  const holder = claimOfHolder(view, problem.holder, claim);
  const name = podName(problem.holder.pod);
  if (holder !== undefined) {
    lines.push({ section: 'contest', text: `${name} holds it: ${readFrom(holder)}.` });
  }
  lines.push({ section: 'contest', text: whyKept(problem.holder, holder, { claim, pod }) });
  return lines;
}

function whyKept(
  { pod: { namespace } }: Holder,
  holder: { readonly claim: Claim; readonly pod: PodClaims } | undefined,
  { claim, pod }: Pick<Explained, 'claim' | 'pod'>,
): string {
  if (namespace !== pod.pod.namespace) {
    return `It keeps it: it is of the namespace ${namespace}, and the claimant of ${pod.pod.namespace}.`;
  }
  const floating = claim.floating
    ? `this claim (${instant(claim.since)}) is not newer than its own${holder === undefined ? '' : ` (${instant(holder.claim.since)})`}`
    : 'this is no floating claim';
  return `It keeps it: it does not terminate, and ${floating}.`;
}

/** `node n (i-…)`, or what else an ENI is attached to. */
export function placeOf(view: View, { instanceId }: Eni): string {
  if (instanceId === undefined) return 'no instance: it is detached';
  const named = view.allNodes.filter((node) => node.instanceId === instanceId);
  if (named.length === 0) return `${instanceId}, which no Node of ${view.cluster} names`;
  return `node ${named.map(({ name }) => name).join(' and ')}`;
}

/** The claim by which a pod holds an address. */
function claimOfHolder(
  view: View,
  { pod: { uid }, node }: Holder,
  { address }: Pick<Claim, 'address'>,
): { readonly claim: Claim; readonly pod: PodClaims } | undefined {
  const pods = [
    ...(view.nodes.get(node)?.state.pods ?? []),
    ...(view.state.stranded.get(address) ?? []),
  ];
  const pod = pods.find((each) => each.pod.uid === uid);
  const claim = pod?.claims.find((each) => each.address === address);
  return pod && claim && { pod, claim };
}

/** What a pod is told about an address that it claims, where something is wrong. */
function problemOf(
  { drift }: NodeView,
  { pod }: Pick<PodClaims, 'pod'>,
  { address }: Pick<Claim, 'address'>,
): ClaimProblem | undefined {
  return problemsOf(drift).find(
    (problem): problem is ClaimProblem =>
      problem.pod.uid === pod.uid && 'address' in problem && problem.address === address,
  );
}

function conclude({ node, pod, claim }: Explained, choice: EniChoice): Conclusion {
  const { drift } = node;
  const { address } = claim;
  const problem = problemOf(node, pod, claim);
  if (problem !== undefined) {
    return {
      kind: problem.kind,
      fine: false,
      text: `${problem.kind}: ${describeProblem(problem)}.`,
    };
  }
  const verdict = drift.verdicts.find(
    (each) => each.address === address && podOf(each)?.uid === pod.pod.uid,
  );
  switch (verdict?.want) {
    case 'keep':
      return { kind: 'keep', fine: true, text: `keep: ${address} is on ${verdict.eniId}.` };
    case 'hold':
      return { kind: 'hold', fine: true, text: `hold: ${address} stays on ${verdict.eniId}.` };
    case 'move': {
      const text = `move: release ${address} from ${verdict.from}, assign it to ${verdict.eniId}.`;
      return { kind: 'move', fine: false, text };
    }
    case 'assign':
      return { kind: 'assign', fine: false, text: `assign: ${address} to ${verdict.eniId}.` };
    default:
  }
  if (choice.kind === 'not-our-network') {
    return { kind: 'ignored', fine: true, text: 'ignored: it is not on an ENI, and not ours.' };
  }
  return { kind: 'nothing', fine: true, text: 'nothing: a terminating pod acquires nothing.' };
}
