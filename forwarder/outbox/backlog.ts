import { MAX_MESSAGE_BYTES } from '../../shared/messages/attributes.ts';
import { nodeMessage } from '../../shared/messages/build.ts';
import { deduplicationId, heartbeatGroup, nodeGroup } from '../../shared/messages/group.ts';
import type { Message } from '../../shared/messages/schema.ts';
import { MAX_BATCH } from '../../shared/messages/send-batch.ts';
import { split } from '../../shared/messages/split.ts';

/** SQS: all messages of a batch together have no more bytes than one may have. */
const BATCH_BYTES = MAX_MESSAGE_BYTES;
/** A `resync` with the longest names is no larger. */
const RESYNC_BYTES = 512;

/** One entry of a SendMessageBatch. `deduplicationId` stays the same when it is sent again. */
export interface Outgoing {
  readonly group: string;
  readonly deduplicationId: string;
  readonly body: string;
}

interface Pending extends Outgoing {
  readonly reason: Message['reason'];
  readonly bytes: number;
}

interface Group {
  readonly name: string;
  /** Absent for the heartbeats. */
  readonly node?: string;
  /** The first is the one that is away while `sending`. */
  readonly queue: Pending[];
  sending: boolean;
  /** Refusals of the first in a row. */
  refusals: number;
  /** Not to be tried before, ms since the epoch. */
  notBefore: number;
}

/** A bound on what waits: a number of messages, and their bodies' bytes. */
export interface Limit {
  readonly messages: number;
  readonly bytes: number;
}

export interface Backlog {
  /** `now`: ms since the epoch, here and below. */
  push(message: Message, now: number): void;
  /** Takes up to a batch of messages that are due, each the oldest of a group with none away. */
  take(now: number): Outgoing[];
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

/**
 * What waits to be sent, by group and in order. Over its bound it forgets what
 * happened on a node but never that something did: the node's messages become one
 * `resync`.
 */
export function createBacklog(options: {
  readonly cluster: string;
  readonly limit: Limit;
  /** The waiting messages of a node became one `resync`. */
  readonly collapsed: (node: string, messages: number) => void;
}): Backlog {
  const { cluster, limit } = options;
  const groups = new Map<string, Group>();
  const size = { messages: 0, bytes: 0 };

  const append = (group: Group, message: Message): void => {
    const body = JSON.stringify(message);
    const bytes = Buffer.byteLength(body);
    const { reason } = message;
    group.queue.push({
      group: group.name,
      deduplicationId: deduplicationId(),
      body,
      reason,
      bytes,
    });
    size.messages += 1;
    size.bytes += bytes;
  };

  const removeFrom = (group: Group, start: number, count: number): number => {
    const removed = group.queue.splice(start, count);
    size.messages -= removed.length;
    for (const { bytes } of removed) size.bytes -= bytes;
    return removed.length;
  };

  const dropWaiting = (group: Group): number =>
    removeFrom(group, group.sending ? 1 : 0, group.queue.length);

  const collapse = (group: Group, now: number): void => {
    if (group.node === undefined) return;
    options.collapsed(group.node, dropWaiting(group));
    // "Look at everything on this node" is what is left of events that could not be kept.
    append(group, nodeMessage(cluster, group.node, 'resync', now));
  };

  const enforceLimit = (now: number): void => {
    for (;;) {
      const unit =
        size.messages > limit.messages
          ? 'messages'
          : size.bytes > limit.bytes
            ? 'bytes'
            : undefined;
      if (unit === undefined) return;
      const largest = largestBy([...groups.values()], (group) => savings(group)[unit]);
      if (largest === undefined) return;
      collapse(largest, now);
    }
  };

  return {
    push(message, now) {
      const group = groupOf(groups, cluster, message);
      if (message.reason === 'heartbeat') dropWaiting(group);
      // A resync that still waits covers another one.
      if (message.reason === 'resync' && waiting(group).some((m) => m.reason === 'resync')) return;
      for (const part of parts(message)) append(group, part);
      enforceLimit(now);
    },
    take(now) {
      const batch: Pending[] = [];
      let bytes = 0;
      for (const group of [...groups.values()]) {
        const [first] = group.queue;
        if (first === undefined || group.sending || group.notBefore > now) continue;
        if (batch.length > 0 && bytes + first.bytes > BATCH_BYTES) continue;
        bytes += first.bytes;
        batch.push(first);
        group.sending = true;
        // To the end of the round, so that no group waits for a busy one.
        groups.delete(group.name);
        groups.set(group.name, group);
        if (batch.length === MAX_BATCH) break;
      }
      return batch;
    },
    sent(name) {
      const group = groups.get(name);
      if (group === undefined) return;
      group.sending = false;
      group.refusals = 0;
      removeFrom(group, 0, 1);
      if (group.queue.length === 0) groups.delete(name);
    },
    failed(name) {
      const group = groups.get(name);
      if (group !== undefined) group.sending = false;
    },
    refused(name, { now, retryAt, collapse: wanted }) {
      const group = groups.get(name);
      if (group === undefined) return;
      group.sending = false;
      group.notBefore = retryAt(group.refusals);
      group.refusals += 1;
      if (wanted && group.queue[0]?.reason !== 'resync') collapse(group, now);
    },
    nextDue(now) {
      let next: number | undefined;
      for (const { sending, notBefore } of groups.values()) {
        if (!sending && notBefore > now && notBefore < (next ?? Infinity)) next = notBefore;
      }
      return next;
    },
    clear() {
      groups.clear();
      size.messages = 0;
      size.bytes = 0;
    },
    size: () => ({ ...size }),
  };
}

function groupOf(groups: Map<string, Group>, cluster: string, message: Message): Group {
  const node = message.reason === 'heartbeat' ? undefined : message.node;
  const name = node === undefined ? heartbeatGroup(cluster) : nodeGroup(cluster, node);
  const known = groups.get(name);
  if (known !== undefined) return known;
  const rest = { name, queue: [], sending: false, refusals: 0, notBefore: 0 };
  const group: Group = node === undefined ? rest : { ...rest, node };
  groups.set(name, group);
  return group;
}

function parts(message: Message): Message[] {
  return message.reason === 'heartbeat' ? [message] : split(message, BATCH_BYTES);
}

function waiting(group: Group): Pending[] {
  return group.queue.slice(group.sending ? 1 : 0);
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
