import { type Address, parseAddress } from '../../shared/address.ts';
import type { NodeMessage } from '../../shared/messages/schema.ts';
import type { NodeRequest } from './reconcile-node.ts';
import type { Received } from './records.ts';

/** A message may name addresses to release for this long after it was observed (docs/design.md, "Ranges"). */
export const NAMING_HOLDS_MS = 15 * 60_000;

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
    assignKept: messages.some(
      ({ envelope, message }) =>
        message.reason === 'moved' || envelope.attributes.ApproximateReceiveCount > 1,
    ),
    pods: messages.flatMap(({ message }) => message.pods),
  };
}

function namesIn(
  messages: readonly Received<NodeMessage>[],
  now: number,
): ReadonlyMap<Address, number> {
  const named = new Map<Address, number>();
  for (const { message } of messages) {
    const observedAt = Date.parse(message.observedAt);
    for (const address of namedBy(message, now)) {
      named.set(address, Math.max(observedAt, named.get(address) ?? 0));
    }
  }
  return named;
}

function namedBy({ reason, observedAt, pods }: NodeMessage, now: number): Address[] {
  if (reason !== 'pods' || Math.abs(now - Date.parse(observedAt)) > NAMING_HOLDS_MS) return [];
  return pods
    .filter(({ event }) => event !== 'add')
    .flatMap(({ ips }) => ips.map(parseAddress))
    .filter((address) => address !== undefined);
}
