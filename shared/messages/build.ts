import type { Heartbeat, NodeMessage } from './schema.ts';

/** What a message about a node says beside the node and the reason. */
type Said = Partial<Pick<NodeMessage, 'instanceId' | 'pods' | 'lookFirst'>>;

/**
 * A message that has a node looked at.
 *
 * @param at when what it tells of was observed, ms since the epoch.
 */
export function nodeMessage(
  cluster: string,
  node: string,
  reason: NodeMessage['reason'],
  at: number,
  { pods = [], ...said }: Said = {},
): NodeMessage {
  return { version: 1, cluster, node, reason, observedAt: isoTime(at), pods, ...said };
}

/** The message that says that a cluster is being watched at `at`, ms since the epoch. */
export function heartbeat(cluster: string, at: number): Heartbeat {
  return { version: 1, cluster, reason: 'heartbeat', observedAt: isoTime(at) };
}

function isoTime(at: number): string {
  return new Date(at).toISOString();
}
