import { DeleteMessageCommand, type SQSClient } from '@aws-sdk/client-sqs';
import { onTestFinished } from 'vitest';
import { type ReplayOutside, run } from '../../../cli/replay/program.ts';
import { toDeadLetter } from '../../../functions/reconcile/queue/dead-letter.ts';
import { readBatch } from '../../../functions/reconcile/queue/records.ts';
import { type VirtualClock, virtualClock } from '../../../sandbox/clock.ts';
import { sqsEvent } from '../../../sandbox/lambda/sqs-event.ts';
import { type SandboxSqs, startSqs } from '../../../sandbox/sqs/start.ts';
import { deduplicationId } from '../../../shared/messages/group.ts';
import { messageGroupOf } from '../../../shared/messages/queue.ts';
import type { Message, NodeMessage } from '../../../shared/messages/schema.ts';
import { sqsClient } from '../../support/clients.ts';
import { type Ended, ended } from '../../support/ended.ts';
import { nodeMessage } from '../../support/messages.ts';
import { receiveFrom, sendTo } from '../../support/queue.ts';

/** A queue and its dead-letter queue, both empty, on a virtual clock. */
export interface ReplayQueues {
  readonly clock: VirtualClock;
  readonly client: SQSClient;
  readonly url: string;
  readonly deadLetterUrl: string;
  readonly faults: SandboxSqs['faults'];
  /** What is in a queue, visible or not. */
  bodies(): unknown[];
  /** The groups of what is in the queue. */
  groups(): unknown[];
  deadBodies(): string[];
  send(message: Message, deduplicationId?: string): Promise<void>;
  /** Receives all there is in the queue, and does nothing about it. @returns the bodies. */
  receive(): Promise<string[]>;
  /** Sends messages and lets them fail until the queue moves them to the dead-letter queue. */
  letDie(...messages: readonly Message[]): Promise<void>;
  /** Sends a body straight to the dead-letter queue, as `reconcile` does with one it can't read. */
  setAside(group: string, body: string, reason: string): Promise<void>;
  /** Sets aside all there is in the queue, as `reconcile` does with what it can never do. */
  setAllAside(reason: string): Promise<void>;
  /** Receives all there is in the queue until it moves it to the dead-letter queue. */
  letAllDie(): Promise<void>;
  /** The calls of an action so far. */
  calls(action: string): number;
  /** Does something before or after the commands' own calls of an action; before, it may throw. */
  on(when: 'before' | 'after', action: string, hook: () => Promise<void>): void;
  /** Runs a command on these queues: by their URL, or as those of the cluster that joined if `--stage` is given. */
  replay(args: readonly string[], outside?: Partial<ReplayOutside>): Promise<Ended>;
}

/** The receives after which a message is dead. */
const MAX_RECEIVES = 1;

export async function startQueues(): Promise<ReplayQueues> {
  const clock = virtualClock();
  const sqs = await startSqs({ clock });
  const client = sqsClient(sqs.endpoint);
  onTestFinished(async () => {
    client.destroy();
    commandsClient.destroy();
    await sqs.stop();
  });
  const hooks = new Map<string, () => Promise<void>>();
  const commandsClient = hookedClient(sqs, hooks);
  const deadLetters = sqs.createQueue('dead.fifo', { DeduplicationScope: 'messageGroup' });
  const redrive = { deadLetterTargetArn: deadLetters.arn, maxReceiveCount: MAX_RECEIVES };
  const queue = sqs.createQueue('nodes.fifo', {
    DeduplicationScope: 'messageGroup',
    RedrivePolicy: JSON.stringify(redrive),
  });

  const send = async (...to: [string, string, string, Parameters<typeof sendTo>[4]?]) =>
    void (await sendTo(client, ...to));
  const receive = () => receiveAll(client, queue.url);
  const letAllDie = async (): Promise<void> => {
    while (sqs.messages('nodes.fifo').length > 0) {
      await receive();
      clock.advance(30_000);
    }
  };

  return {
    clock,
    client,
    url: queue.url,
    deadLetterUrl: deadLetters.url,
    faults: sqs.faults,
    bodies: () => sqs.messages('nodes.fifo').map(({ body }) => JSON.parse(body)),
    groups: () => sqs.messages('nodes.fifo').map(({ groupId }) => groupId),
    deadBodies: () => sqs.messages('dead.fifo').map(({ body }) => body),
    send: (message, id = deduplicationId()) =>
      send(queue.url, messageGroupOf(message), JSON.stringify(message), {
        MessageDeduplicationId: id,
      }),
    receive,
    async letDie(...messages) {
      for (const each of messages)
        await send(queue.url, messageGroupOf(each), JSON.stringify(each));
      await letAllDie();
    },
    letAllDie,
    setAllAside: (reason) => setAllAside(client, queue, deadLetters.url, reason),
    calls: (name) => sqs.calls.filter(({ action }) => action === name).length,
    setAside: (group, body, reason) =>
      send(deadLetters.url, group, body, {
        MessageAttributes: { reason: { DataType: 'String', StringValue: reason } },
      }),
    on: (when, action, hook) => void hooks.set(`${when} ${action}`, hook),
    replay: (args, outside = {}) =>
      ended((streams) =>
        run(args.includes('--stage') ? args : [...args, '--queue-url', queue.url], {
          ...onlySqs(clock, commandsClient, queue.url),
          ...streams,
          ...outside,
        }),
      ),
  };
}

/** The commands' client. Unlike the tests' own, it repeats what failed, as the program's does. */
function hookedClient(sqs: SandboxSqs, hooks: ReadonlyMap<string, () => Promise<void>>): SQSClient {
  const client = sqsClient(sqs.endpoint, 3);
  client.middlewareStack.add(
    (next, { commandName = '' }) =>
      async (args) => {
        const action = commandName.replace(/Command$/, '');
        await hooks.get(`before ${action}`)?.();
        const answer = await next(args);
        await hooks.get(`after ${action}`)?.();
        return answer;
      },
    { step: 'initialize' },
  );
  return client;
}

async function receiveAll(client: SQSClient, QueueUrl: string): Promise<string[]> {
  const all: string[] = [];
  for (;;) {
    const received = await receiveFrom(client, QueueUrl, { VisibilityTimeout: 30 });
    if (received.length === 0) return all;
    all.push(...received.map(({ Body = '' }) => Body));
  }
}

async function setAllAside(
  client: SQSClient,
  queue: { readonly url: string; readonly arn: string },
  deadLetterUrl: string,
  reason: string,
): Promise<void> {
  const messages = await receiveFrom(client, queue.url);
  const { received, malformed } = readBatch(sqsEvent(messages, queue.arn));
  for (const { envelope } of [...received, ...malformed]) {
    const { signal } = new AbortController();
    await toDeadLetter(client, deadLetterUrl, envelope, reason, signal);
    const { receiptHandle: ReceiptHandle } = envelope;
    await client.send(new DeleteMessageCommand({ QueueUrl: queue.url, ReceiptHandle }));
  }
}

/** SQS, and nothing else; every cluster joined with this queue. */
function onlySqs(
  clock: VirtualClock,
  sqs: SQSClient,
  url: string,
): Omit<ReplayOutside, 'stdout' | 'stderr'> {
  return {
    aws: () => ({ sqs, cloudFormation: { send: refuse }, queueOfJoined: async () => url }),
    podsOf: async () => [],
    clock,
    interrupted: () => new AbortController().signal,
    waitSeconds: 0,
  };
}

async function refuse(): Promise<never> {
  throw new Error('no CloudFormation here');
}

/** A message about one pod of `node`, observed at the beginning of the virtual clock's time. */
export function podMessage(node: string, pod = 'a', more: Partial<NodeMessage> = {}): NodeMessage {
  const ips = ['172.16.1.70'];
  return nodeMessage({
    node,
    reason: 'pods',
    observedAt: '2026-01-01T00:00:00.000Z',
    pods: [{ event: 'update', namespace: 'default', name: pod, uid: `uid-${pod}`, ips }],
    ...more,
  });
}
