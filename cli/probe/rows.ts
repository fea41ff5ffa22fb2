import { CONDITION_TYPE } from '../../shared/cluster/kubernetes.ts';
import { PROBE_PORT } from '../../shared/probe.ts';
import type { FailureCode } from './failures.ts';
import type { ProbeSeen, Row, Side } from './seen.ts';

type Verdict = Omit<Row, 'check' | 'node' | 'to'>;

/** The reasons of our condition that have a failure of their own (docs/reference/conditions.md). */
const CODES: Readonly<Record<string, FailureCode>> = {
  Conflict: 'duplicate-address',
  HeldElsewhere: 'duplicate-address',
  EniFull: 'no-room',
  NotAttached: 'not-attached',
};
/** host-local's and whereabouts' words for a range that is used up, and the scheduler's for ours. */
const NO_ROOM =
  /no IP addresses available|could not allocate IP|out of (free )?IPs|Insufficient multus-eni\.dev\//i;

/**
 * The table of what was seen. A failure is told once, where it is: what follows from it is skipped.
 * Nothing but what is given decides.
 */
export function rowsOf(seen: ProbeSeen): Row[] {
  const [a, b] = seen.sides;
  return [
    ...sideRows(seen, a, b),
    ...sideRows(seen, b, a),
    ...wayRows(seen, a, b),
    ...wayRows(seen, b, a),
  ];
}

/** What one pod has, and what it reaches by itself. */
function sideRows(seen: ProbeSeen, side: Side, other: Side): Row[] {
  const { node } = side;
  const pod = podVerdict(seen, side);
  const row = (check: Row['check'], verdict: Verdict): Row => ({ check, node, ...verdict });
  if (pod.result !== 'ok') return [row('pod', pod)];
  const address = addressVerdict(side);
  const link = linkVerdict(side);
  const duplicate = duplicateVerdict(side, other);
  const isReady = [address, duplicate, link].every(({ result }) => result === 'ok');
  return [
    row('pod', pod),
    row('address', address),
    row('duplicate', duplicate),
    row('link', link),
    row('gateway', gatewayVerdict(seen, side, isReady)),
    ...(side.answeredAt === undefined ? [] : [row('answer', answerVerdict(side))]),
  ];
}

function podVerdict({ network }: ProbeSeen, { facts, gone, warnings }: Side): Verdict {
  if (gone) {
    return failed('pod-not-started', 'somebody removed it while the probe ran: another probe?');
  }
  const isRunning = facts?.hasLog === true && facts.hopeless === undefined;
  if (facts?.attachment && isRunning) return ok(`it runs, with ${network}`);
  const warning = warnings.at(-1);
  const reason = facts?.hopeless ?? warning ?? facts?.waits ?? 'it was not made';
  if (facts?.told && facts.attachment === undefined && facts.hopeless === undefined) {
    return failed('not-attached', `network-status does not name ${network}`);
  }
  if (isRunning) return failed('not-attached', 'it runs, and has no network-status');
  const said = [...warnings, facts?.waits ?? ''].find((text) => NO_ROOM.test(text));
  return said === undefined ? failed('pod-not-started', reason) : failed('no-room', said);
}

function addressVerdict({ facts, attachedAt, assignedAt, answeredAt }: Side): Verdict {
  const { attachment, condition } = facts ?? {};
  const addresses = attachment?.ips.join(', ') || 'no address';
  const on = `${addresses} on ${attachment?.interface ?? 'an interface without a name'}`;
  if (condition?.status === 'True' && condition.reason === 'Assigned') {
    return ok(`${on}, assigned ${between(attachedAt, assignedAt)} after network-status`);
  }
  if (condition?.status === 'True') {
    // Of networks that are on no ENI the reconciler tells nothing but that.
    return answeredAt === undefined
      ? failed('not-assigned', `${on}: ${condition.reason}: no ENI of the node fits it`)
      : ok(`${on}, which is on no ENI`);
  }
  if (condition !== undefined) {
    const code = CODES[condition.reason] ?? 'not-assigned';
    return failed(code, `${on}: ${condition.reason}: ${condition.message}`);
  }
  return failed('not-assigned', `${on}: nobody has set the condition ${CONDITION_TYPE}`);
}

function duplicateVerdict({ facts, report }: Side, other: Side): Verdict {
  if (CODES[facts?.condition?.reason ?? ''] === 'duplicate-address') return skipped('address');
  const own = facts?.attachment?.ips ?? [];
  const both = own.filter((address) => other.facts?.attachment?.ips.includes(address));
  if (both.length > 0) {
    return failed('duplicate-address', `both pods were given ${both.join(', ')}`);
  }
  if (report !== undefined && report.duplicates.length > 0) {
    const list = report.duplicates.join(', ');
    return failed('duplicate-address', `another host has ${list} (duplicate address detection)`);
  }
  return ok('nobody else was seen to have it');
}

function linkVerdict({ report, facts, unread }: Side): Verdict {
  if (report === undefined) {
    const why = unread === undefined ? '' : `, and its log cannot be read: ${unread}`;
    return failed('not-tried', `the pod has not said how its link is${why}`);
  }
  const name = facts?.attachment?.interface ?? 'net1';
  if (report.link === undefined) return failed('no-interface', `there is no ${name} in the pod`);
  const { up, state, mtu } = report.link;
  return up
    ? ok(`${name} is up, MTU ${mtu}`)
    : failed('link-down', `${name} has no carrier (operstate ${state})`);
}

function gatewayVerdict(
  { gateway }: ProbeSeen,
  { report, facts }: Side,
  isReady: boolean,
): Verdict {
  if (gateway === undefined) return skipped('nobody says which it is: give --gateway');
  const own = facts?.attachment?.ips[0] ?? '';
  if (own !== '' && own.includes(':') !== gateway.includes(':')) {
    return skipped(`${gateway} is of another family: give --gateway`);
  }
  if ((report?.gateway.answered ?? 0) > 0) return ok(`${gateway} answers`);
  if (!isReady) return skipped('what failed above');
  const device = report?.leaves.gateway;
  if (device !== undefined && device !== facts?.attachment?.interface) {
    return failed('wrong-route', `packets for ${gateway} leave by ${device}`);
  }
  const trouble = report?.trouble === undefined ? '' : `: ${report.trouble}`;
  return failed('gateway-unreachable', `${gateway} does not answer${trouble}`);
}

function answerVerdict({ attachedAt, assignedAt, answeredAt }: Side): Verdict {
  const since =
    assignedAt === undefined ? '' : `, ${between(assignedAt, answeredAt)} after assigned`;
  return ok(`the first came ${between(attachedAt, answeredAt)} after network-status${since}`);
}

/** From one pod to the other, and back. */
function wayRows(seen: ProbeSeen, from: Side, to: Side): Row[] {
  const row = (check: Row['check'], verdict: Verdict): Row => ({
    check,
    node: from.node,
    to: to.node,
    ...verdict,
  });
  const { there, back } = wayVerdicts(seen, from, to);
  return [row('to the peer', there), row('reply path', back), row('mtu', mtuVerdict(from, to))];
}

function wayVerdicts(
  seen: ProbeSeen,
  from: Side,
  to: Side,
): { readonly there: Verdict; readonly back: Verdict } {
  const answered = from.report?.peer.answered ?? 0;
  const received = to.report?.peer.received ?? 0;
  if (answered > 0) {
    return { there: ok('UDP arrives'), back: ok(`answers come back${beyondText(to)}`) };
  }
  const culprit = [from, to].find((side) => !isReady(seen, side, side === from ? to : from));
  if (culprit !== undefined) {
    const why = skipped(`what failed on ${culprit.node}`);
    return { there: why, back: why };
  }
  if (received > 0) return { there: ok('UDP arrives'), back: lostBack(from, to) };
  return { there: lostThere(from, to), back: skipped('to the peer') };
}

/** Whether nothing of its own keeps a pod from being reached. */
function isReady(seen: ProbeSeen, side: Side, other: Side): boolean {
  const verdicts = [
    podVerdict(seen, side),
    addressVerdict(side),
    duplicateVerdict(side, other),
    linkVerdict(side),
  ];
  return verdicts.every(({ result }) => result === 'ok');
}

function lostThere(from: Side, to: Side): Verdict {
  const device = from.report?.leaves.peer;
  if (device !== undefined && device !== from.facts?.attachment?.interface) {
    return failed('wrong-route', `packets for ${addressOf(to)} leave by ${device}`);
  }
  if ((to.report?.reversePath.dropped ?? 0) > 0) return dropped(to, from);
  if ((from.report?.peer.pinged ?? 0) > 0) {
    const text = `${addressOf(to)} answers to ping, and not at UDP port ${PROBE_PORT}`;
    return failed('port-filtered', text);
  }
  return failed('peer-unreachable', `nothing comes to ${addressOf(to)}`);
}

function lostBack(from: Side, to: Side): Verdict {
  const device = to.report?.leaves.peer;
  if (device !== undefined && device !== to.facts?.attachment?.interface) {
    const text = `answers from ${addressOf(to)} leave by ${device} (rp_filter ${modeOf(to)})`;
    return failed('wrong-route', text);
  }
  if ((from.report?.reversePath.dropped ?? 0) > 0) return dropped(from, to);
  return failed('reply-lost', `${addressOf(to)} gets what is sent, and its answers are lost`);
}

function dropped(at: Side, from: Side): Verdict {
  const count = at.report?.reversePath.dropped ?? 0;
  const by = at.report?.leaves.peer ?? 'no interface';
  const text = `on ${at.node} the kernel dropped ${count} packets: rp_filter is ${modeOf(at)}, and the way back to ${addressOf(from)} leads by ${by}`;
  return failed('rp-filter', text);
}

/** Whoever is in another subnet is answered by the pod's default route, which is seldom this network's. */
function beyondText({ report, facts }: Side): string {
  const device = report?.leaves.beyond;
  if (device === undefined || device === facts?.attachment?.interface) return '';
  return ` (rp_filter ${report?.reversePath.mode}); to other subnets they leave by ${device}`;
}

function mtuVerdict({ report }: Side, to: Side): Verdict {
  if ((report?.peer.answered ?? 0) === 0) return skipped('to the peer, reply path');
  const { longest } = report ?? {};
  if (longest === undefined)
    return failed('not-tried', 'the pod has not said how long packets may be');
  const { tried, passed, done } = longest;
  if (passed >= tried) return ok(`packets of ${tried} bytes arrive`);
  if (!done) return failed('not-tried', `packets of ${passed} bytes arrive so far`);
  const theirs = to.report?.link?.mtu;
  const text = `packets of ${tried} bytes get lost, those of ${passed} arrive; the other's MTU is ${theirs}`;
  return failed('mtu', text);
}

function addressOf({ facts, pod }: Side): string {
  return facts?.attachment?.ips[0] ?? pod;
}

function modeOf({ report }: Side): string {
  const names = ['0 (off)', '1 (strict)', '2 (loose)'];
  return names[report?.reversePath.mode ?? 0] ?? 'unknown';
}

function between(from: number | undefined, to: number | undefined): string {
  if (from === undefined || to === undefined) return 'at an unknown time';
  return `${(Math.max(0, to - from) / 1000).toFixed(2)} s`;
}

function ok(text: string): Verdict {
  return { result: 'ok', text };
}

function failed(code: FailureCode, text: string): Verdict {
  return { result: 'failed', code, text };
}

/** @param because the checks that failed before, or why it cannot be tried. */
function skipped(because: string): Verdict {
  return { result: 'skipped', text: because };
}
