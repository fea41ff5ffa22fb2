import * as z from 'zod';
import { type Message, type NodeMessage, parseMessage } from '../../shared/messages/schema.ts';
import type { HeldMessage } from '../held-messages.ts';
import { count } from '../output.ts';

/** A message of the dead-letter queue, as far as it can be read. */
export interface DeadLetter {
  readonly held: HeldMessage;
  /** Absent for a malformed one, which would fail again unchanged. */
  readonly message?: Message;
  readonly cluster?: string;
  readonly node?: string;
  readonly pods: NodeMessage['pods'];
  /** Milliseconds since the epoch: when what it tells of was observed, else when it came here. */
  readonly firstSeen: number;
  /** Why it is here, in one line. */
  readonly reason: string;
}

/** What a body may name although it is no message. */
const named = z.object({
  cluster: z.string().optional().catch(undefined),
  node: z.string().optional().catch(undefined),
});

/** @param maxReceiveCount of the queue that it comes from, where that is known. */
export function readDeadLetter(held: HeldMessage, maxReceiveCount?: number): DeadLetter {
  const parsed = parseMessage(held.body);
  if (!parsed.ok) {
    const reason = `malformed: ${held.reason ?? parsed.detail}`;
    const named = { ...placeOf(held.group), ...namedIn(held.body) };
    return { held, ...named, pods: [], firstSeen: held.sentAt, reason };
  }
  const { message } = parsed;
  const about = message.reason === 'heartbeat' ? undefined : message;
  const place = about === undefined ? message.cluster : `${about.cluster}/${about.node}`;
  const often = maxReceiveCount === undefined ? 'too often' : count(maxReceiveCount, 'time');
  return {
    held,
    message,
    cluster: message.cluster,
    node: about?.node,
    pods: about?.pods ?? [],
    firstSeen: Date.parse(message.observedAt),
    reason: held.reason ?? `failed ${often}: see the log of reconcile for ${place}`,
  };
}

/** A node's group is `<cluster>/<node>`, unless that was too long for SQS. */
function placeOf(group: string): { cluster?: string; node?: string } {
  const { cluster, node } = /^(?<cluster>[^/]+)\/(?<node>[^/#]+)$/.exec(group)?.groups ?? {};
  return { cluster, node };
}

function namedIn(body: string): { cluster?: string; node?: string } {
  try {
    const { cluster, node } = named.parse(JSON.parse(body));
    return { ...(cluster !== undefined && { cluster }), ...(node !== undefined && { node }) };
  } catch {
    return {};
  }
}

/** Which messages are meant; all that is given has to hold. */
export interface LetterFilter {
  readonly cluster?: string;
  readonly node?: string;
  /** A part of the reason, upper or lower case. */
  readonly reason?: string;
}

export function letterMatches(
  letter: DeadLetter,
  { cluster, node, reason }: LetterFilter,
): boolean {
  return (
    (cluster === undefined || letter.cluster === cluster) &&
    (node === undefined || letter.node === node) &&
    (reason === undefined || letter.reason.toLowerCase().includes(reason.toLowerCase()))
  );
}
