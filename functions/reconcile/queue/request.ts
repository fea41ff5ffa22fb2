import { type Address, parseAddress } from '../../../shared/address.ts';
import type { LetGoElsewhere } from '../../../shared/apply/take-over.ts';
import { NAMING_HOLDS_MS, type NodeMessage } from '../../../shared/messages/schema.ts';
import type { NodeRequest } from '../scope.ts';
import { observedAt, type Received } from './records.ts';

/** All messages of one node in a batch, as one request: they share one reconcile and one fate. */
export function requestOf(
  node: string,
  messages: readonly Received<NodeMessage>[],
  now: number,
): NodeRequest {
  return {
    node,
    instanceId: messages.map(({ message }) => message.instanceId).findLast(Boolean),
    named: namesIn(messages, now),
    seenToEnd: seenToEndIn(messages, now),
    letGo: letGoIn(messages, now),
    contested: contestedIn(messages),
    assignKept: messages.some(
      ({ envelope, message }) =>
        message.reason === 'moved' || envelope.attributes.ApproximateReceiveCount > 1,
    ),
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
function letsAssign({ reason, pods, letGo = [] }: NodeMessage): boolean {
  if (reason === 'moved' || letGo.length > 0) return true;
  return pods.some(({ event, ips }) => event !== 'delete' && ips.length === 0);
}

function namesIn(
  messages: readonly Received<NodeMessage>[],
  now: number,
): ReadonlyMap<Address, number> {
  const named = new Map<Address, number>();
  for (const each of messages) {
    const at = observedAt(each);
    for (const address of namedBy(each.message, now)) {
      named.set(address, Math.max(at, named.get(address) ?? 0));
    }
  }
  return named;
}

function namedBy({ reason, observedAt, pods }: NodeMessage, now: number): Address[] {
  if (!holds(reason, observedAt, now)) return [];
  return pods.filter(({ event }) => event !== 'add').flatMap(({ ips }) => addressesIn(ips));
}

/** What any event says that somebody saw. */
function seenToEndIn(
  messages: readonly Received<NodeMessage>[],
  now: number,
): ReadonlySet<Address> {
  return new Set(
    messages.flatMap(({ message }) =>
      namedBy({ ...message, pods: message.pods.filter(({ inferred }) => !inferred) }, now),
    ),
  );
}

/** By node. */
function letGoIn(messages: readonly Received<NodeMessage>[], now: number): LetGoElsewhere {
  const byNode = new Map<string, Set<Address>>();
  for (const { message } of messages) {
    for (const { node, observedAt, ips } of message.letGo ?? []) {
      if (!holds(message.reason, observedAt, now)) continue;
      const known = byNode.get(node) ?? new Set<Address>();
      byNode.set(node, known);
      for (const address of addressesIn(ips)) known.add(address);
    }
  }
  return byNode;
}

function contestedIn(messages: readonly Received<NodeMessage>[]): ReadonlySet<Address> {
  const texts = messages.flatMap(({ message: { contested = [], letGo = [] } }) => [
    ...contested,
    ...letGo.flatMap(({ ips }) => ips),
  ]);
  return new Set(addressesIn(texts));
}

function holds(reason: NodeMessage['reason'], observedAt: string, now: number): boolean {
  return reason === 'pods' && Math.abs(now - Date.parse(observedAt)) <= NAMING_HOLDS_MS;
}

function addressesIn(texts: readonly string[]): Address[] {
  return texts.map(parseAddress).filter((address) => address !== undefined);
}
