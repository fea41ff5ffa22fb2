import type { SQSClient } from '@aws-sdk/client-sqs';
import { ELECTION_TIMES } from '../../forwarder/election/leader.ts';
import { createOutbox } from '../../forwarder/outbox/outbox.ts';
import { sqsSendBatch } from '../../forwarder/outbox/send-batch.ts';
import { createReplica } from '../../forwarder/replica.ts';
import { podOf } from '../../test/faults/world/kubernetes.ts';
import type { BenchCluster } from './cluster.ts';
import type { VirtualTime } from './virtual-time.ts';

const HEARTBEAT_MS = 60_000;
/** As forwarder/config.ts has it. */
const LIMIT = { messages: 10_000, bytes: 64 * 1024 * 1024 };

/**
 * Starts a forwarder that leads, from what it does with the pods that its watch shows on.
 *
 * @param watchMs until a change is seen.
 * @returns what restarts it: as after the end of its process, every node that has pods is looked at.
 */
export function startForwarder(
  { clock, random }: VirtualTime,
  { api, name: cluster }: BenchCluster,
  sqs: SQSClient,
  queueUrl: string,
  watchMs: number,
): () => void {
  const outbox = createOutbox({
    clock,
    random,
    cluster,
    limit: LIMIT,
    send: sqsSendBatch(sqs, queueUrl),
    sendDeadline: ELECTION_TIMES.sendDeadline,
    events: { sent() {}, failed() {}, collapsed() {}, stuck() {} },
  });
  const replica = createReplica({ clock, cluster, outbox });
  replica.onListed(new Set());
  replica.elected();
  const beat = (): void => {
    replica.beat();
    clock.after(HEARTBEAT_MS, beat);
  };
  clock.after(HEARTBEAT_MS, beat);
  api.store.onChange(({ resource, type, object }) => {
    if (resource !== 'pods') return;
    // One delay for all: what came first is seen first.
    clock.after(watchMs, () => {
      if (type === 'DELETED') replica.onDeleted(podOf(object));
      else replica.onPod(podOf(object));
    });
  });
  return () => {
    replica.lost();
    replica.elected();
  };
}
