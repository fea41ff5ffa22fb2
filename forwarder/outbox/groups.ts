import { deduplicationId, heartbeatGroup, nodeGroup } from '../../shared/messages/group.ts';
import type { Message } from '../../shared/messages/schema.ts';

/** A bound on what waits: a number of messages, and their bodies' bytes. */
export interface Limit {
  readonly messages: number;
  readonly bytes: number;
}

/** One entry of a SendMessageBatch. `deduplicationId` stays the same when it is sent again. */
export interface OutboxMessage {
  readonly group: string;
  readonly deduplicationId: string;
  readonly body: string;
}

export interface Pending extends OutboxMessage {
  readonly reason: Message['reason'];
  readonly bytes: number;
}

export interface Group {
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

/** All that waits or is away, by group. */
export interface Groups {
  readonly cluster: string;
  /** In the order in which their next messages are sent. */
  readonly byName: Map<string, Group>;
  /** What all groups hold. */
  readonly size: { messages: number; bytes: number };
}

/** The group that a message belongs to, which is new if none of its messages waits. */
export function groupOf({ cluster, byName }: Groups, message: Message): Group {
  const node = message.reason === 'heartbeat' ? undefined : message.node;
  const name = node === undefined ? heartbeatGroup(cluster) : nodeGroup(cluster, node);
  const known = byName.get(name);
  if (known !== undefined) return known;
  const rest = { name, queue: [], sending: false, refusals: 0, notBefore: 0 };
  const group: Group = node === undefined ? rest : { ...rest, node };
  byName.set(name, group);
  return group;
}

/** Puts a message at the group's end. */
export function append({ size }: Groups, group: Group, message: Message): void {
  const body = JSON.stringify(message);
  const bytes = Buffer.byteLength(body);
  const { reason } = message;
  group.queue.push({ group: group.name, deduplicationId: deduplicationId(), body, reason, bytes });
  size.messages += 1;
  size.bytes += bytes;
}

/** Takes out the one that is away: SQS has it. */
export function removeFirst(groups: Groups, group: Group): void {
  removeFrom(groups, group, 0, 1);
}

/** Drops the group's messages but the one that is away. @returns how many those were. */
export function dropWaiting(groups: Groups, group: Group): number {
  return removeFrom(groups, group, group.sending ? 1 : 0, group.queue.length);
}

function removeFrom({ size }: Groups, group: Group, start: number, count: number): number {
  const removed = group.queue.splice(start, count);
  size.messages -= removed.length;
  for (const { bytes } of removed) size.bytes -= bytes;
  return removed.length;
}

/** The group's messages but the one that is away. */
export function waiting(group: Group): Pending[] {
  return group.queue.slice(group.sending ? 1 : 0);
}
