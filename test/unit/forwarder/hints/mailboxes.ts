import { createMailboxes } from '../../../../forwarder/hints/mailbox.ts';
import type { Hint } from '../../../../forwarder/hints/pod-index.ts';
import { virtualClock } from '../../../../sandbox/clock.ts';
import type { NodeMessage, PodEvent } from '../../../../shared/messages/schema.ts';
import { told } from '../pods.ts';

export function hint(
  name: string,
  { event = 'add', ips = [], node = 'a' }: Partial<PodEvent> & { node?: string } = {},
): Hint {
  return told(event, ips, { name, node });
}

/** A mailboxes, and what it delivers, on a virtual clock. */
export function start({ terminating = new Set<string>(), starting = new Set<string>() } = {}) {
  const clock = virtualClock();
  const delivered: NodeMessage[] = [];
  const mailboxes = createMailboxes({
    clock,
    cluster: 'demo',
    deliver: (message) => delivered.push(message),
    terminates: (node) => terminating.has(node),
    starts: (node) => starting.has(node),
  });
  const names = () => delivered.map(({ pods }) => pods.map(({ name }) => name).join());
  return { clock, delivered, mailboxes, names };
}
