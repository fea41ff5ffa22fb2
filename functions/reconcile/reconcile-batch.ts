import type { Random } from '../../shared/clock.ts';
import type { Heartbeat, NodeMessage } from '../../shared/messages/schema.ts';
import type { ClusterAccess } from '../../shared/state/cluster-access.ts';
import type { Context } from '../context.ts';
import { withDeadline } from '../deadline.ts';
import { backOff } from './back-off.ts';
import { toDeadLetter } from './dead-letter.ts';
import { measure } from './measure.ts';
import { type NodeMemory, type Reconciler, reconcileNode } from './reconcile-node.ts';
import { type Envelope, type Received, readBatch } from './records.ts';
import { NAMING_HOLDS_MS, requestOf } from './request.ts';
import { seenGone } from './seen-gone.ts';

/** What reconciles of all batches share. */
export interface ReconcileContext extends Omit<Context, 'inventory'> {
  readonly queueUrl: string;
  readonly deadLetterQueueUrl: string;
  readonly random: Random;
  /** What is kept of each node between batches, by `cluster/node`. */
  readonly memories: Map<string, NodeMemory>;
}

/** An older heartbeat, from a backlog or a replay, does not say that the forwarder lives now: ms. */
const BEATS_FOR_MS = 5 * 60_000;

/** Lambda's answer for a batch in part (AWS Lambda Developer Guide, "ReportBatchItemFailures"). */
export interface BatchResponse {
  readonly batchItemFailures: { readonly itemIdentifier: string }[];
}

/**
 * Reconciles the nodes that a batch of queue messages tells of: side by side, each with one
 * reconcile and one fate for all its messages.
 *
 * @param event Lambda's SQS event.
 * @param deadlineMs how long a node may take, in milliseconds.
 * @returns the messages that are to be retried.
 */
export async function reconcileBatch(
  context: ReconcileContext,
  event: unknown,
  deadlineMs: number,
): Promise<BatchResponse> {
  const { received, malformed } = readBatch(event);
  const byNode = Map.groupBy(
    received.filter(isNodeMessage),
    ({ message }) => `${message.cluster}/${message.node}`,
  );
  for (const { message } of received.filter(isHeartbeat)) {
    const age = context.clock.now() - Date.parse(message.observedAt);
    const isAlive = age < BEATS_FOR_MS && context.serves(message.cluster);
    if (isAlive) context.telemetry.metric('ForwarderHeartbeat', message.cluster, 1);
  }
  const failed = await Promise.all([
    ...malformed.map(({ envelope, detail }) => setAside(context, envelope, detail)),
    ...[...byNode.values()].map((messages) => oneFate(context, messages, deadlineMs)),
  ]);
  return {
    batchItemFailures: failed.flat().map(({ messageId }) => ({ itemIdentifier: messageId })),
  };
}

function isHeartbeat(received: Received): received is Received<Heartbeat> {
  return received.message.reason === 'heartbeat';
}

function isNodeMessage(received: Received): received is Received<NodeMessage> {
  return received.message.reason !== 'heartbeat';
}

/** Moves a message that can never be done to the dead-letter queue. @returns what is to be retried. */
async function setAside(
  { sqs, deadLetterQueueUrl, telemetry }: ReconcileContext,
  envelope: Envelope,
  detail: string,
): Promise<Envelope[]> {
  telemetry.warn('a message was set aside', {}, { detail, messageId: envelope.messageId });
  // It may name no cluster that can be believed.
  telemetry.metric('MessagesMalformed', 'none', 1);
  try {
    await toDeadLetter(sqs, deadLetterQueueUrl, envelope, detail);
    return [];
  } catch (error) {
    telemetry.error('the dead-letter queue did not take a message', {}, error);
    return [envelope];
  }
}

/** Reconciles one node for all its messages. @returns what is to be retried: none of them or all. */
async function oneFate(
  context: ReconcileContext,
  messages: readonly Received<NodeMessage>[],
  deadlineMs: number,
): Promise<Envelope[]> {
  const [first] = messages;
  if (first === undefined) return [];
  const { cluster, node } = first.message;
  const envelopes = messages.map(({ envelope }) => envelope);
  const accessing = context.accessTo(cluster);
  if (accessing === undefined) {
    const reason = `cluster ${cluster} is not configured; add it to the stage's configuration and replay`;
    return (await Promise.all(envelopes.map((each) => setAside(context, each, reason)))).flat();
  }
  try {
    const what = `cluster ${cluster}, node ${node}: reconcile`;
    const result = await withDeadline(context.clock, deadlineMs, what, async (signal) => {
      const reconciler = reconcilerFor(context, await accessing);
      const request = requestOf(node, messages, context.clock.now());
      return reconcileNode(reconciler, request, signal);
    });
    // Else each name that a message ever had would be kept.
    if (result.kind === 'no-node') context.memories.delete(`${cluster}/${node}`);
    measure(
      context,
      first.message,
      messages.map(({ message }) => message),
      result,
    );
    return [];
  } catch (error) {
    context.telemetry.error('a node is retried', { cluster, node }, error);
    context.telemetry.metric('NodesRetried', cluster, 1);
    await retryLater(context, cluster, node, envelopes);
    return envelopes;
  }
}

function reconcilerFor({ memories, send }: ReconcileContext, access: ClusterAccess): Reconciler {
  const memoryOf = (node: string): NodeMemory => {
    const key = `${access.cluster}/${node}`;
    const memory = memories.get(key) ?? { seenGone: seenGone(NAMING_HOLDS_MS) };
    memories.set(key, memory);
    return memory;
  };
  return { access, memoryOf, send };
}

async function retryLater(
  { sqs, queueUrl, random, telemetry }: ReconcileContext,
  cluster: string,
  node: string,
  envelopes: readonly Envelope[],
): Promise<void> {
  try {
    await backOff(sqs, queueUrl, envelopes, random);
  } catch (error) {
    // They come back all the same, when the queue's own visibility timeout ends.
    telemetry.error('the back-off of failed messages was not set', { cluster, node }, error);
  }
}
