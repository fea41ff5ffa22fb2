import { type Address, parseAddress } from '../../../shared/address.ts';
import type { NodeMessage } from '../../../shared/messages/schema.ts';
import type { NodeRequest } from '../scope.ts';
import { observedAt, type Received } from './records.ts';

/** For how long after it was observed the brake believes that a claim ended, ms (docs/design.md, "The brake"). */
export const EVIDENCE_HOLDS_MS = 15 * 60_000;

/** All messages of one node in a batch, as one request: they share one reconcile and one fate. */
export function requestOf(
  node: string,
  messages: readonly Received<NodeMessage>[],
  now: number,
): NodeRequest {
  return {
    node,
    instanceId: messages.map(({ message }) => message.instanceId).findLast(Boolean),
    seenToEnd: seenToEndIn(messages, now),
    lookFirst: messages.some(({ message }) => message.lookFirst === true),
    receives: Math.max(
      ...messages.map(({ envelope }) => envelope.attributes.ApproximateReceiveCount),
    ),
    reasons: [...new Set(messages.map(({ message }) => message.reason))],
    messageIds: messages.map(({ envelope }) => envelope.messageId),
    pods: messages.flatMap(({ message }) => message.pods),
    since: Math.min(now, ...messages.map(observedAt)),
    expects: {
      assigns: messages.some(({ message }) => letsAssign(message)),
      unassigns: messages.some(({ message }) => message.pods.some(({ ips }) => ips.length > 0)),
    },
  };
}

/** Of a resync or a sweep nothing is known before the node is read. */
function letsAssign({ reason, pods, lookFirst }: NodeMessage): boolean {
  if (reason === 'moved' || lookFirst === true) return true;
  return pods.some(({ event, ips }) => event !== 'delete' && ips.length === 0);
}

/** What any event says that somebody saw. A claim that began again since is found in the pods. */
function seenToEndIn(
  messages: readonly Received<NodeMessage>[],
  now: number,
): ReadonlySet<Address> {
  return new Set(
    messages.flatMap(({ message: { observedAt, pods, reason } }) =>
      holds(reason, observedAt, now)
        ? pods
            .filter(({ event, inferred }) => event !== 'add' && !inferred)
            .flatMap(({ ips }) => addressesIn(ips))
        : [],
    ),
  );
}

function holds(reason: NodeMessage['reason'], observedAt: string, now: number): boolean {
  return reason === 'pods' && Math.abs(now - Date.parse(observedAt)) <= EVIDENCE_HOLDS_MS;
}

function addressesIn(texts: readonly string[]): Address[] {
  return texts.map(parseAddress).filter((address) => address !== undefined);
}
