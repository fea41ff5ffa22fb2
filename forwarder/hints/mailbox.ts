import type { NodeMessage } from '../../shared/messages/schema.ts';
import type { Clock } from '../../shared/time/clock.ts';
import { createWakeUp } from '../outbox/wake-up.ts';
import { createFlapping } from './flapping.ts';
import { addTo, type Batch, batchOf, podsMessage } from './news.ts';
import type { Hint } from './pod-index.ts';

/** How long a node must be quiet before its urgent news is sent, if it was told something just before. */
const QUIET_MS = 250;
/** How long news of each kind waits for more of its node, counted from the first of that kind. */
const LONGEST_MS = {
  urgent: 1_000,
  /** Others claim the same addresses, and more pods of this node start: together they take over ENI by ENI. */
  starting: 2_000,
  /** Pods let go of addresses for which nobody waits. */
  releases: 5_000,
  /** Its cause is a pod of another node that changes again and again. */
  flapping: 20_000,
  /** Its namespace's pods change what they claim again and again: the namespace's turn sends it. */
  paced: Number.POSITIVE_INFINITY,
} as const;
type Kind = keyof typeof LONGEST_MS;

/** How long releases wait for those of other nodes, if no pod of their own node terminates or starts. */
const COMPLETE_MS = 3_000;
/** The complete releases of this many nodes are sent at once: together they are one batch of the queue. */
const COMPLETE_NODES = 5;

/** How many changes of one pod are told to other nodes: it comes, terminates and goes, and one more. */
const CAUSED = { atOnce: 4, eachMs: 20_000 } as const;
/** How many events of a living pod are no change: it comes, floating and attached addresses, and one more. */
const STARTS = { atOnce: 4, eachMs: 30 * 60_000 } as const;
/**
 * How many changes of one namespace's living pods are told. EC2 has five Assign and five Unassign calls a
 * second for an account (Amazon EC2 Developer Guide, "Request throttling for the Amazon EC2 API"). One
 * namespace's pods that change what they claim are to leave most of them to others.
 */
const NAMESPACE = { atOnce: 100, eachMs: 500 } as const;

export interface Mailboxes {
  /** Takes the news of one change. They may concern several nodes. */
  add(news: readonly Hint[]): void;
  /** Delivers all mail now. */
  flush(): void;
  /** Drops all mail, and forgets which nodes and pods were busy. */
  clear(): void;
}

interface Options {
  readonly clock: Clock;
  readonly cluster: string;
  readonly deliver: (message: NodeMessage) => void;
  /** Whether a pod of the node terminates. */
  readonly terminates: (node: string) => boolean;
  /** Whether a pod of the node is about to claim addresses. */
  readonly starts: (node: string) => boolean;
}

/** What one node has not been told yet. All times are in ms since the epoch. */
interface Mail {
  readonly batch: Batch;
  /** When the oldest of it was seen. News that its namespace held back is as old as its delivery. */
  since: number;
  isUrgent: boolean;
  /** When it is delivered at the latest. */
  latest: number;
  /** When it is delivered if nothing more comes. */
  due: number;
}

/**
 * Keeps one mailbox for each node, so that a burst of events costs one reconcile and not fifty. A quiet node
 * is told at once. All other news waits as `LONGEST_MS` says, and leaves with the next message to its node.
 */
export function createMailboxes(options: Options): Mailboxes {
  const boxes = emptyBoxes(options);
  const wakeUp = createWakeUp(options.clock, () => {
    deliverDue(boxes);
    arm();
  });
  const arm = (): void => {
    const next = nextDue(boxes);
    if (next < Number.POSITIVE_INFINITY) wakeUp.set(next);
  };
  return {
    add(all) {
      const flapping = new Set(
        [...new Set(all.flatMap(({ cause }) => cause ?? []))].filter(boxes.causes.note),
      );
      for (const [node, news] of Map.groupBy(all, (hint) => hint.node)) {
        post(boxes, { node, news, kind: kindOf(boxes, node, news, flapping) });
      }
      arm();
    },
    flush() {
      for (const node of [...boxes.mail.keys()]) send(boxes, node);
      boxes.busy.clear();
    },
    clear() {
      wakeUp.clear();
      Object.assign(boxes, emptyBoxes(options));
    },
  };
}

interface Boxes extends Options, ReturnType<typeof emptyState> {}

function emptyBoxes(options: Options): Boxes {
  return { ...options, ...emptyState(options) };
}

function emptyState({ clock }: Pick<Options, 'clock'>) {
  return {
    mail: new Map<string, Mail>(),
    /** The nodes that were told something a moment ago, and until when they count as not quiet. */
    busy: new Map<string, number>(),
    /** The nodes whose releases are complete. */
    complete: new Set<string>(),
    completeDue: Number.POSITIVE_INFINITY,
    /** The nodes whose news waits for a namespace's turn, by namespace; those that waited longest come first. */
    held: new Map<string, Set<string>>(),
    turnDue: Number.POSITIVE_INFINITY,
    causes: createFlapping(clock, CAUSED),
    changes: createFlapping(clock, STARTS),
    namespaces: createFlapping(clock, NAMESPACE),
  };
}

function kindOf(
  boxes: Boxes,
  node: string,
  news: readonly Hint[],
  flapping: ReadonlySet<string>,
): Kind {
  if (news.every(({ cause }) => cause !== undefined && flapping.has(cause))) return 'flapping';
  if (isHeld(boxes, node, news)) return 'paced';
  const allWaitFor = (what: Hint['waitsFor']) => news.every(({ waitsFor }) => waitsFor === what);
  if (allWaitFor('releases')) return 'releases';
  return boxes.starts(node) && allWaitFor('starting') ? 'starting' : 'urgent';
}

/** Whether the change of a living pod waits for the turn of its namespace. Its node is then in the line. */
function isHeld(boxes: Boxes, node: string, news: readonly Hint[]): boolean {
  const { changes, clock, held, namespaces } = boxes;
  const [{ ends, pod } = {}] = news;
  if (news.length !== 1 || pod === undefined || ends || pod.event === 'delete') return false;
  if (!changes.note(pod.uid)) return false;
  const line = held.get(pod.namespace) ?? new Set();
  if (line.size === 0 && !namespaces.note(pod.namespace)) return false;
  held.set(pod.namespace, line.add(node));
  boxes.turnDue = Math.min(boxes.turnDue, clock.now() + NAMESPACE.eachMs);
  return true;
}

interface Post {
  readonly node: string;
  readonly news: readonly Hint[];
  readonly kind: Kind;
}

function post(boxes: Boxes, { node, news, kind }: Post): void {
  const { busy, clock } = boxes;
  const now = clock.now();
  const mail = boxes.mail.get(node) ?? emptyMail();
  // The nodes whose news is complete for the longest time are told first.
  boxes.mail.delete(node);
  boxes.mail.set(node, mail);
  for (const hint of news) addTo(mail.batch, hint);
  if (kind !== 'paced') mail.since = Math.min(mail.since, now);
  // What may wait goes with urgent news of its node, and so neither waits nor goes without them.
  const { isUrgent } = mail;
  mail.isUrgent ||= kind === 'urgent';
  if (!mail.isUrgent) {
    mail.latest = Math.min(mail.latest, now + LONGEST_MS[kind]);
    mail.due = mail.latest;
    if (kind === 'releases') noteRelease(boxes, node, now);
    return;
  }
  boxes.complete.delete(node);
  if (!isUrgent && (busy.get(node) ?? now) <= now) {
    busy.set(node, now + QUIET_MS);
    send(boxes, node);
    return;
  }
  if (!isUrgent) mail.latest = now + LONGEST_MS.urgent;
  if (kind !== 'flapping' && kind !== 'paced') mail.due = Math.min(mail.latest, now + QUIET_MS);
}

function emptyMail(): Mail {
  const never = Number.POSITIVE_INFINITY;
  return { batch: batchOf([]), since: never, isUrgent: false, latest: never, due: never };
}

function isRestless({ terminates, starts }: Boxes, node: string): boolean {
  return terminates(node) || starts(node);
}

function noteRelease(boxes: Boxes, node: string, now: number): void {
  const { complete } = boxes;
  if (isRestless(boxes, node)) complete.delete(node);
  else complete.add(node);
  if (complete.size >= COMPLETE_NODES) sendComplete(boxes);
  else if (complete.size > 0) boxes.completeDue = Math.min(boxes.completeDue, now + COMPLETE_MS);
}

/** A pod that starts meanwhile takes its node's releases along, because a release under way would delay it. */
function sendComplete(boxes: Boxes): void {
  const whole = [...boxes.complete].filter((node) => !isRestless(boxes, node));
  boxes.complete.clear();
  boxes.completeDue = Number.POSITIVE_INFINITY;
  for (const node of whole) send(boxes, node);
}

/**
 * The node that waits longest is told next, of all that waits for it. However many nodes the namespace has,
 * its changes ask for two looks a second.
 */
function sendTurns(boxes: Boxes, now: number): void {
  const { held, namespaces } = boxes;
  boxes.turnDue = held.size > 0 ? now + NAMESPACE.eachMs : Number.POSITIVE_INFINITY;
  for (const [namespace, [node]] of [...held]) {
    namespaces.note(namespace);
    if (node !== undefined) send(boxes, node);
  }
}

function deliverDue(boxes: Boxes): void {
  const { busy, clock } = boxes;
  const now = clock.now();
  for (const [node, until] of busy) if (until <= now) busy.delete(node);
  for (const [node, { due, latest, isUrgent }] of [...boxes.mail]) {
    if (due > now) continue;
    // The node was not quiet to the end: what follows is gathered too.
    if (isUrgent && latest <= now) busy.set(node, now + QUIET_MS);
    send(boxes, node);
  }
  if (boxes.completeDue <= now) sendComplete(boxes);
  if (boxes.turnDue <= now) sendTurns(boxes, now);
}

function send({ clock, cluster, complete, deliver, held, mail }: Boxes, node: string): void {
  const sent = mail.get(node);
  mail.delete(node);
  complete.delete(node);
  for (const [namespace, line] of held) {
    if (line.delete(node) && line.size === 0) held.delete(namespace);
  }
  if (sent === undefined) return;
  deliver(podsMessage(cluster, node, Math.min(sent.since, clock.now()), sent.batch));
}

function nextDue({ completeDue, mail, turnDue }: Boxes): number {
  let next = Math.min(completeDue, turnDue);
  for (const { due } of mail.values()) next = Math.min(next, due);
  return next;
}
