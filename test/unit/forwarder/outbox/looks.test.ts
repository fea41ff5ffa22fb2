import { beforeEach, describe, expect, test } from 'vitest';
import { LATENCIES, sqsClient } from '../../../../bench/budget/clients.ts';
import { type BenchQueue, createQueue } from '../../../../bench/budget/queue.ts';
import { createOutbox } from '../../../../forwarder/outbox/outbox.ts';
import { sqsSendBatch } from '../../../../forwarder/outbox/send-batch.ts';
import type { SendBatch } from '../../../../forwarder/outbox/sender.ts';
import { createReplica, type Replica } from '../../../../forwarder/replica.ts';
import { QUEUE } from '../../../../sandbox/aws.ts';
import { type VirtualClock, virtualClock } from '../../../../sandbox/clock.ts';
import { parseMessage } from '../../../../shared/messages/schema.ts';
import { quiet } from '../../../support/quiet.ts';
import { claimingPod } from '../pods.ts';

const NODES = 1_000;
const TICK_MS = 100;

let clock: VirtualClock;
let queue: BenchQueue;
let replica: Replica;
let reachable: boolean;
/** How many calls are on their way: the SDK's first one waits for the machine, as it reads a file. */
let underWay: number;

/** A forwarder's replica before the strict SQS, whose calls take no time. */
beforeEach(() => {
  clock = virtualClock();
  queue = createQueue(clock);
  reachable = true;
  underWay = 0;
  const time = {
    clock,
    random: () => 0.5,
    travel: async () => {},
    drive: async () => true,
    settle: <T>(promise: Promise<T>) => promise,
  };
  const client = sqsClient(queue.service, time, LATENCIES, { maxAttempts: 1 });
  const sendBatch = sqsSendBatch(client, queue.url, clock);
  const send: SendBatch = async (batch, signal) => {
    underWay += 1;
    return sendBatch(batch, signal).finally(() => {
      underWay -= 1;
    });
  };
  const outbox = createOutbox({
    clock,
    random: () => 0.5,
    cluster: 'demo',
    limit: { messages: 10_000, bytes: 64 * 1024 * 1024 },
    send: (batch, signal) =>
      reachable ? send(batch, signal) : Promise.reject(new Error('SQS cannot be reached')),
    sendDeadline: 20_000,
    events: { sent() {}, failed() {}, collapsed() {}, stuck() {} },
  });
  replica = createReplica({ clock, cluster: 'demo', outbox });
});

async function pass(ms: number): Promise<void> {
  for (let passed = 0; passed < ms; passed += TICK_MS) {
    clock.advance(TICK_MS);
    await quiet(() => underWay > 0);
  }
}

/** `node reason`, in the order in which SQS has them. */
function sent(): string[] {
  return queue.service.messages(QUEUE).map(({ body }) => {
    const parsed = parseMessage(body);
    if (!parsed.ok) throw new Error(parsed.detail);
    const { message } = parsed;
    return message.reason === 'heartbeat' ? 'heartbeat' : `${message.node} ${message.reason}`;
  });
}

const looks = () => sent().filter((each) => each.endsWith(' resync'));

function podOn(node: number, told = true) {
  const condition = { status: 'True', reason: 'Assigned', message: 'assigned: none' } as const;
  const pod = claimingPod([`10.0.${node >> 8}.${node & 255}`], {
    name: `pod-${node}`,
    node: `node-${node}`,
  });
  return told ? { ...pod, condition } : pod;
}

function listAll(nodes = NODES, untold: readonly number[] = []): void {
  const pods = Array.from({ length: nodes }, (_, node) => podOn(node, !untold.includes(node)));
  for (const pod of pods) replica.onPod(pod);
  replica.onListed(new Set(pods.map(({ uid }) => uid)));
  replica.elected();
}

describe('the looks at all nodes of a large cluster', () => {
  test('are spread over time: a new pod has few of them before it', async () => {
    listAll();
    await pass(1_000);
    replica.onPod(claimingPod(['10.9.9.9'], { name: 'new', node: 'node-999' }));
    await pass(TICK_MS);
    const at = sent().indexOf('node-999 pods');
    expect(at).toBeGreaterThan(0);
    expect(at).toBeLessThanOrEqual(1 + 100 + 50);
  });

  test('come to all nodes, once to each, and to none that another message has looked at', async () => {
    listAll();
    await pass(1_000);
    replica.onPod(claimingPod(['10.9.9.9'], { name: 'new', node: 'node-999' }));
    await pass((NODES / 50) * 1_000);
    const all = looks();
    expect(all).toHaveLength(NODES - 1);
    expect(new Set(all).size).toBe(NODES - 1);
    expect(all).not.toContain('node-999 resync');
  });

  test('come first to nodes with pods that were not told that they have all', async () => {
    listAll(500, [250, 499]);
    await pass(TICK_MS);
    expect(looks().slice(0, 3)).toEqual(['node-250 resync', 'node-499 resync', 'node-0 resync']);
  });

  test('are sent at once if the nodes are few', async () => {
    listAll(100);
    await pass(TICK_MS);
    expect(looks()).toHaveLength(100);
  });

  test('wait while SQS takes nothing, and what has a reason is taken before them', async () => {
    listAll();
    await pass(TICK_MS);
    reachable = false;
    await pass(1_000);
    for (let node = 900; node < 920; node += 1) {
      replica.onPod(claimingPod(['10.9.9.9'], { name: `new-${node}`, node: `node-${node}` }));
    }
    await pass(30_000);
    const before = sent().length;
    expect(before).toBeLessThanOrEqual(1 + 100 + 30);
    reachable = true;
    await pass(35_000);
    const after = sent().slice(before);
    const lastWithReason = after.findLastIndex((each) => each.endsWith(' pods'));
    const looksBefore = after.slice(0, lastWithReason).filter((each) => each.endsWith(' resync'));
    expect(after.filter((each) => each.endsWith(' pods'))).toHaveLength(20);
    expect(looksBefore.length).toBeLessThanOrEqual(30);
  });

  test('end with the lead', async () => {
    listAll();
    await pass(10_000);
    replica.lost();
    const before = sent().length;
    await pass(10_000);
    expect(sent()).toHaveLength(before);
  });
});
