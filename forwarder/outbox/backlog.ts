import { MAX_MESSAGE_BYTES } from '../../shared/messages/attributes.ts';
import { nodeMessage } from '../../shared/messages/build.ts';
import type { Message } from '../../shared/messages/schema.ts';
import { MAX_BATCH } from '../../shared/messages/send-batch.ts';
import {
  append,
  dropWaiting,
  type Group,
  type Groups,
  groupOf,
  type Limit,
  type OutboxMessage,
  type Pending,
  removeFirst,
  waiting,
} from './groups.ts';

/** SQS: all messages of a batch together have no more bytes than one may have. */
const BATCH_BYTES = MAX_MESSAGE_BYTES;
/** A `resync` with the longest names is no larger. */
const RESYNC_BYTES = 512;

export interface Backlog {
  /** `now`: ms since the epoch, here and below. */
  push(message: Message, now: number): void;
  /** Takes at most a batch of due messages: the oldest of each group that has none away. */
  take(now: number): OutboxMessage[];
  /** SQS has the message that was away. */
  sent(group: string): void;
  /** Whether SQS has it is not known: it is due again. */
  failed(group: string): void;
  /**
   * SQS refused it: it is due after `retryAt` says, for the number of refusals before.
   * With `collapse`, a `resync` takes its place and that of all that wait behind it.
   */
  refused(
    group: string,
    options: { now: number; retryAt: (refusals: number) => number; collapse: boolean },
  ): void;
  /** When the next message will be due that is not yet, ms since the epoch. */
  nextDue(now: number): number | undefined;
  clear(): void;
  /** What waits or is away. */
  size(): Limit;
}

interface BacklogOptions {
  readonly cluster: string;
  readonly limit: Limit;
  /** The waiting messages of a node became one `resync`. */
  readonly collapsed: (node: string, messages: number) => void;
}

/**
 * What waits to be sent, by group and in order. If it is over its bound, or if a message would be
 * longer than SQS takes, a node's messages become one `resync`. So it forgets what happened on a node,
 * but never that something did.
 */
export function createBacklog(options: BacklogOptions): Backlog {
  const { cluster } = options;
  const groups: Groups = { cluster, byName: new Map(), size: { messages: 0, bytes: 0 } };
  const { byName, size } = groups;

  return {
    push(message, now) {
      const group = groupOf(groups, message);
      if (message.reason === 'heartbeat') dropWaiting(groups, group);
      // One waiting resync is enough.
      if (message.reason === 'resync' && waiting(group).some((m) => m.reason === 'resync')) return;
      append(groups, group, message);
      if (isTooLong(group)) collapse(groups, group, options, now);
      enforceLimit(groups, options, now);
    },
    take: (now) => takeBatch(byName, now),
    sent(name) {
      const group = byName.get(name);
      if (group === undefined) return;
      group.sending = false;
      group.refusals = 0;
      removeFirst(groups, group);
      if (group.queue.length === 0) byName.delete(name);
    },
    failed(name) {
      const group = byName.get(name);
      if (group !== undefined) group.sending = false;
    },
    refused(name, { now, retryAt, collapse: wanted }) {
      const group = byName.get(name);
      if (group === undefined) return;
      group.sending = false;
      group.notBefore = retryAt(group.refusals);
      group.refusals += 1;
      if (wanted && group.queue[0]?.reason !== 'resync') collapse(groups, group, options, now);
    },
    nextDue(now) {
      let next: number | undefined;
      for (const { sending, notBefore } of byName.values()) {
        if (!sending && notBefore > now && notBefore < (next ?? Infinity)) next = notBefore;
      }
      return next;
    },
    clear() {
      byName.clear();
      size.messages = 0;
      size.bytes = 0;
    },
    size: () => ({ ...size }),
  };
}

/** The first messages of the groups that are due, which are away from then on. */
function takeBatch(byName: Map<string, Group>, now: number): OutboxMessage[] {
  const batch: Pending[] = [];
  let bytes = 0;
  for (const group of [...byName.values()]) {
    const [first] = group.queue;
    if (first === undefined || group.sending || group.notBefore > now) continue;
    if (batch.length > 0 && bytes + first.bytes > BATCH_BYTES) continue;
    bytes += first.bytes;
    batch.push(first);
    group.sending = true;
    // To the end of the round, so that no group waits for a busy one.
    byName.delete(group.name);
    byName.set(group.name, group);
    if (batch.length === MAX_BATCH) break;
  }
  return batch;
}

/** Collapses whichever group saves most, until all that waits is within the bound. */
function enforceLimit(groups: Groups, options: BacklogOptions, now: number): void {
  for (;;) {
    const unit = exceeded(groups.size, options.limit);
    if (unit === undefined) return;
    const largest = largestBy([...groups.byName.values()], (group) => savings(group)[unit]);
    if (largest === undefined) return;
    collapse(groups, largest, options, now);
  }
}

function exceeded(size: Limit, limit: Limit): keyof Limit | undefined {
  if (size.messages > limit.messages) return 'messages';
  return size.bytes > limit.bytes ? 'bytes' : undefined;
}

/** "Look at everything on this node" is what is left of events that could not be kept. */
function collapse(groups: Groups, group: Group, options: BacklogOptions, now: number): void {
  if (group.node === undefined) return;
  options.collapsed(group.node, dropWaiting(groups, group));
  append(groups, group, nodeMessage(groups.cluster, group.node, 'resync', now));
}

/**
 * Whether SQS would refuse what was put in last. An ENI takes too few addresses for that, so this is a
 * pod's mischief.
 */
function isTooLong({ queue }: Group): boolean {
  return (queue.at(-1)?.bytes ?? 0) > BATCH_BYTES;
}

/** What collapsing a group would save. */
function savings(group: Group): Limit {
  if (group.node === undefined) return { messages: 0, bytes: 0 };
  const pending = waiting(group);
  const bytes = pending.reduce((sum, message) => sum + message.bytes, 0);
  return { messages: pending.length - 1, bytes: bytes - RESYNC_BYTES };
}

/** The item of the greatest value above 0, if there is one. */
function largestBy<T>(items: readonly T[], value: (item: T) => number): T | undefined {
  let largest: T | undefined;
  let most = 0;
  for (const item of items) {
    const its = value(item);
    if (its <= most) continue;
    most = its;
    largest = item;
  }
  return largest;
}
