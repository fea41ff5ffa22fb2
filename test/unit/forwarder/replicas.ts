import { onTestFinished } from 'vitest';
import type { ElectionTimes } from '../../../forwarder/election/leader.ts';
import type { Forwarder } from '../../../forwarder/forwarder.ts';
import { sqsSendBatch } from '../../../forwarder/outbox/send-batch.ts';
import type { SendBatch } from '../../../forwarder/outbox/sender.ts';
import { type SandboxSqs, startSqs } from '../../../sandbox/sqs/start.ts';
import { type Message, parseMessage } from '../../../shared/messages/schema.ts';
import { type Clock, systemClock } from '../../../shared/time/clock.ts';
import { sqsClient } from '../../support/clients.ts';
import { startUsualForwarder } from '../../support/forwarder.ts';
import { patience } from '../../support/machine.ts';
import type { Cluster } from './cluster.ts';

/** A Lease's least duration is a second; a leader that has to wait for a core must not lose it. */
function electionTimes(): ElectionTimes {
  return {
    leaseDuration: patience(1_000),
    renewDeadline: patience(700),
    retryPeriod: patience(100),
    sendDeadline: patience(1_000),
    standBack: patience(3_000),
  };
}

export interface Queue {
  readonly sqs: SandboxSqs;
  readonly url: string;
  /** What was sent so far, but for heartbeats. */
  messages(): Exclude<Message, { reason: 'heartbeat' }>[];
  /** Every event of every message so far, such as `a delete p1 172.16.1.70`. */
  events(): string[];
  heartbeats(): number;
}

/** The queue for one test. */
export async function startQueue(): Promise<Queue> {
  const sqs = await startSqs();
  onTestFinished(() => sqs.stop());
  const { url } = sqs.createQueue('pod-events.fifo');
  const all = (): Message[] =>
    sqs.messages('pod-events.fifo').map(({ body }) => {
      const parsed = parseMessage(body);
      if (!parsed.ok) throw new Error(parsed.detail);
      return parsed.message;
    });
  const messages = () => all().filter((message) => message.reason !== 'heartbeat');
  return {
    sqs,
    url,
    messages,
    events: () =>
      messages().flatMap(({ node, reason, pods }) =>
        reason === 'pods'
          ? pods.map(({ event, name, ips }) => [node, event, name, ...ips].join(' '))
          : [`${node} ${reason}`],
      ),
    heartbeats: () => all().filter(({ reason }) => reason === 'heartbeat').length,
  };
}

export interface ReplicaOptions {
  /** Where it looks for SQS. */
  readonly endpoint?: string;
  readonly clock?: Clock;
  readonly times?: ElectionTimes;
  /** Makes its calls on SQS, or has them fail. */
  readonly sending?: (send: SendBatch) => SendBatch;
}

/** A replica of the forwarder in this process, which is gone when the test ends. */
export async function startReplica(
  { kube }: Pick<Cluster, 'kube'>,
  queue: Queue,
  identity = 'replica-1',
  { clock = systemClock, times = electionTimes(), ...options }: ReplicaOptions = {},
): Promise<Forwarder> {
  const client = sqsClient(options.endpoint ?? queue.sqs.endpoint);
  const send = sqsSendBatch(client, queue.url);
  const forwarder = await startUsualForwarder({
    cluster: 'demo',
    kube,
    send: options.sending?.(send) ?? send,
    identity,
    electionTimes: times,
    clock,
  });
  onTestFinished(async () => {
    await forwarder.abandon();
    client.destroy();
  });
  return forwarder;
}
