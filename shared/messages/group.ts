import { createHash, randomUUID } from 'node:crypto';

/** SQS: "The maximum length of MessageGroupId is 128 characters." */
const MAX_GROUP_LENGTH = 128;
/** SQS allows letters, digits and this punctuation in a MessageGroupId. */
const ALLOWED = /^[A-Za-z0-9!"#$%&'()*+,\-./:;<=>?@[\\\]^_`{|}~]+$/;

/** The MessageGroupId of a node: one group, so that at most one reconcile runs for it at a time. */
export function nodeGroup(cluster: string, node: string): string {
  const group = `${cluster}/${node}`;
  if (group.length <= MAX_GROUP_LENGTH && ALLOWED.test(group)) return group;
  return createHash('sha256').update(group).digest('hex');
}

/** The MessageGroupId of a cluster's heartbeats: a group of its own, which no node waits for. */
export function heartbeatGroup(cluster: string): string {
  return nodeGroup(cluster, '#heartbeat');
}

/**
 * A MessageDeduplicationId: random per message and the same for its resends. One
 * made from the content would lose a message that repeats within five minutes,
 * which is how long SQS remembers an id.
 */
export function deduplicationId(uuid: () => string = randomUUID): string {
  return uuid();
}
