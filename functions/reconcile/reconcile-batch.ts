import type { Heartbeat, NodeMessage } from '../../shared/messages/schema.ts';
import type { ClusterAccess } from '../../shared/state/cluster-access.ts';
import type { Random } from '../../shared/time/clock.ts';
import { withTaskDeadline } from '../../shared/time/task-deadline.ts';
import { NoBudgetError } from '../admission.ts';
import type { Context } from '../context.ts';
import { type Meeting, meeting } from './meeting.ts';
import { backOff } from './queue/back-off.ts';
import { toDeadLetter } from './queue/dead-letter.ts';
import { ExpiredReceiptError, type Hold, hold } from './queue/hold.ts';
import { passOn } from './queue/pass-on.ts';
import { type Envelope, type Received, readBatch } from './queue/records.ts';
import { requestOf } from './queue/request.ts';
import { sourceOf } from './queue/source.ts';
import { findInstance } from './read.ts';
import { NotReadError, reconcileNode } from './reconcile-node.ts';
import type { NodeMemory, NodeRequest, ReconcileScope } from './scope.ts';
import { measure } from './tell/measure.ts';

/** What reconciles of all batches share. */
export interface ReconcileContext extends Omit<Context, 'inventory'> {
  /** The stage's own queue, and its dead-letter queue. */
  readonly queueUrl: string;
  readonly deadLetterQueueUrl: string;
  readonly random: Random;
  /** What is kept of each node between batches, by `cluster/node`. */
  readonly memories: Map<string, NodeMemory>;
}

/**
 * How old a heartbeat may be. An older one, from a backlog or a replay, does not say that the forwarder
 * lives now.
 */
const BEATS_FOR_MS = 5 * 60_000;

/** In the place of a cluster in a metric, while it is not known whether the named one is served. */
const NO_CLUSTER = 'none';

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
  const hints = received.filter(isNodeMessage);
  const byNode = Map.groupBy(hints, ({ message }) => `${message.cluster}/${message.node}`);
  context.admission.delivered(byNode.size);
  const envelopes = [...malformed, ...hints].map(({ envelope }) => envelope);
  const from = { ...context, ...sourceOf(event, context) };
  const held = hold(from, envelopes, deadlineMs);
  const batch = { ...from, deadlineMs, held, meeting: meeting(context.clock, byNode.size) };
  const failed = await Promise.all([
    ...received.filter(isHeartbeat).map(({ message }) => noteHeartbeat(batch, message)),
    ...malformed.map(({ envelope, detail }) => setAside(batch, envelope, detail)),
    ...[...byNode.values()].map((messages) => oneFate(batch, messages)),
  ]);
  return {
    batchItemFailures: failed.flat().map(({ messageId }) => ({ itemIdentifier: messageId })),
  };
}

/** One batch, with what its messages share. */
interface Batch extends ReconcileContext {
  readonly deadlineMs: number;
  readonly held: Hold;
  /** Of its nodes, before they are read. */
  readonly meeting: Meeting;
}

function isHeartbeat(received: Received): received is Received<Heartbeat> {
  return received.message.reason === 'heartbeat';
}

function isNodeMessage(received: Received): received is Received<NodeMessage> {
  return received.message.reason !== 'heartbeat';
}

/** If the settings of its cluster cannot be read, a heartbeat does not count, so that the alarm rings. */
async function noteHeartbeat(batch: Batch, { cluster, observedAt }: Heartbeat): Promise<[]> {
  const { clock, clusters, deadlineMs, queueUrl, telemetry } = batch;
  if (clock.now() - Date.parse(observedAt) >= BEATS_FOR_MS) return [];
  const what = `cluster ${cluster}: heartbeat`;
  try {
    const found = await withTaskDeadline(clock, deadlineMs, what, () =>
      clusters.find(cluster, queueUrl),
    );
    if (found !== undefined) telemetry.metric('ForwarderHeartbeat', found.config.name, 1);
    else telemetry.warn('a heartbeat was not counted: its cluster is not configured', { cluster });
  } catch (error) {
    telemetry.error('a heartbeat was not counted', { cluster }, error);
  }
  return [];
}

/** Moves a message that can never be done to the dead-letter queue. @returns what is to be retried. */
async function setAside(batch: Batch, envelope: Envelope, detail: string): Promise<Envelope[]> {
  const { clock, deadlineMs, telemetry, held, sqs, deadLetterQueueUrl } = batch;
  const what = 'setting a message aside';
  try {
    await withTaskDeadline(clock, deadlineMs, what, async (signal) => {
      await held([envelope]);
      await toDeadLetter(sqs, deadLetterQueueUrl, envelope, detail, signal);
    });
    telemetry.warn('a message was set aside', {}, { detail, messageId: envelope.messageId });
    telemetry.metric('MessagesMalformed', NO_CLUSTER, 1);
    return [];
  } catch (error) {
    telemetry.error('a message could not be set aside', {}, error);
    if (!(error instanceof ExpiredReceiptError)) await backOff(batch, [envelope], {});
    return [envelope];
  }
}

/** Reconciles one node for all its messages. @returns what is to be retried: none of them or all. */
async function oneFate(
  batch: Batch,
  messages: readonly Received<NodeMessage>[],
): Promise<Envelope[]> {
  const [first] = messages;
  if (first === undefined) return [];
  const { cluster, node } = first.message;
  const envelopes = messages.map(({ envelope }) => envelope);
  // A metric's dimension costs money, and so is never what a body says alone.
  let servedAs = NO_CLUSTER;
  try {
    const what = `cluster ${cluster}, node ${node}: reconcile`;
    const held = () => batch.held(envelopes);
    const result = await withTaskDeadline(batch.clock, batch.deadlineMs, what, async (signal) => {
      const request = requestOf(node, messages, batch.clock.now());
      let found: Omit<ReconcileScope, 'held'>;
      try {
        const served = await batch.clusters.find(cluster, batch.queueUrl);
        if (served === undefined) return undefined;
        servedAs = served.config.name;
        // Called from here: the fault harness tells a batch's reconciles apart by it (test/faults/harness/reconciles.ts).
        const access = await batch.accessTo(served.config);
        found = await scopeFor(batch, access, request, signal);
      } finally {
        batch.meeting.arrive();
      }
      const scope = { ...found, held };
      await batch.meeting.all;
      const done = await reconcileNode(scope, request, signal);
      // A reconcile that had nothing to write has not waited for it.
      await held();
      return done;
    });
    if (result === undefined) {
      const reason = `cluster ${cluster} is not configured for the queue of its messages; add it to the stage's configuration, or deploy the cluster's stack, and replay`;
      return (await Promise.all(envelopes.map((each) => setAside(batch, each, reason)))).flat();
    }
    // Otherwise the map would keep every node name that a message ever carried.
    if (result.kind === 'no-node') batch.memories.delete(`${cluster}/${node}`);
    measure(
      batch,
      first.message,
      messages.map(({ message }) => message),
      result,
    );
    return [];
  } catch (error) {
    const subject = { cluster: servedAs, node };
    if (error instanceof NotReadError && (await passOn(batch, messages, subject))) return [];
    await giveBack({ ...batch, servedAs }, { cluster, node }, envelopes, error);
    return envelopes;
  }
}

/** What a node's reconcile works with, once it is known whose ENIs to read. */
async function scopeFor(
  batch: Batch,
  access: ClusterAccess,
  request: NodeRequest,
  signal: AbortSignal,
): Promise<Omit<ReconcileScope, 'held'>> {
  const memory = memoryOf(batch, access.cluster, request.node);
  const { admission, brake, controls, queueUrl } = batch;
  const scope = { access, admission, brake, controls, send: batch.sendTo(queueUrl), memory };
  await findInstance(scope, request, signal);
  return scope;
}

/** Has the messages of a node tried again soon, except those that others have by now. */
async function giveBack(
  batch: Batch & { readonly servedAs: string },
  subject: { readonly cluster: string; readonly node: string },
  envelopes: readonly Envelope[],
  error: unknown,
): Promise<void> {
  const { telemetry, servedAs } = batch;
  if (error instanceof NoBudgetError) {
    const { afterMs } = error;
    telemetry.info('a node waits for EC2', subject, { afterMs });
    await backOff(batch, envelopes, subject, Math.ceil(afterMs / 1_000));
    return;
  }
  if (!(error instanceof ExpiredReceiptError)) {
    telemetry.error('a node is retried', subject, error);
    telemetry.metric('NodesRetried', servedAs, 1);
    await backOff(batch, envelopes, subject);
    return;
  }
  telemetry.error('a node is left to whoever has its messages by now', subject, error);
  telemetry.metric('MessagesExpired', servedAs, error.envelopes.length);
  const ours = envelopes.filter((envelope) => !error.envelopes.includes(envelope));
  await backOff(batch, ours, subject);
}

function memoryOf({ memories }: ReconcileContext, cluster: string, node: string): NodeMemory {
  const key = `${cluster}/${node}`;
  const memory = memories.get(key) ?? { unwritable: new Map() };
  memories.set(key, memory);
  return memory;
}
