/** docs/design.md, "Schedules that broke earlier wordings", 28: who is not fit to lead the forwarders gives way. */
import { describe, expect, test, vi } from 'vitest';
import { ELECTION_TIMES } from '../../forwarder/election/leader.ts';
import type { Forwarder } from '../../forwarder/forwarder.ts';
import type { SendBatch } from '../../forwarder/outbox/sender.ts';
import { virtualClock } from '../../sandbox/clock.ts';
import { ApiError, type ApiTransport } from '../../shared/cluster/transport.ts';
import { systemClock } from '../../shared/time/clock.ts';
import { quiet } from '../support/quiet.ts';
import { type Cluster, startCluster } from '../unit/forwarder/cluster.ts';
import { startQueue, startReplica } from '../unit/forwarder/replicas.ts';

const X = '172.16.1.70';
const Y = '172.16.1.71';
const SOON = { timeout: 10_000, interval: 20 };
const SECOND_MS = 1_000;
const MINUTE_MS = 60_000;

async function get(forwarder: Forwarder, path: string): Promise<string> {
  const response = await fetch(`http://127.0.0.1:${forwarder.port}${path}`);
  return `${response.status} ${await response.text()}`;
}

/** The value of a metric, by its name and labels; 0 if it has none yet. */
async function metric(forwarder: Forwarder, name: string): Promise<number> {
  const lines = (await get(forwarder, '/metrics')).split('\n');
  const line = lines.find((each) => each.startsWith(`multus_eni_forwarder_${name} `));
  return Number(line?.split(' ').at(-1) ?? 0);
}

async function ready(forwarder: Forwarder): Promise<void> {
  await vi.waitFor(async () => expect(await get(forwarder, '/readyz')).toMatch(/^200 /), SOON);
}

test('28: a leader whose way to SQS is cut is followed by one that can send, and tells what is wrong', async () => {
  const cluster = await startCluster();
  const queue = await startQueue();
  cluster.createPod('p1', 'a', [X]);
  const cutOff = await startReplica(cluster, queue, 'replica-1', {
    endpoint: 'http://127.0.0.1:1',
  });
  await vi.waitFor(() => expect(cutOff.leading()).toBe(true), SOON);
  const healthy = await startReplica(cluster, queue, 'replica-2');
  await ready(healthy);
  cluster.removePod('p1');

  await vi.waitFor(() => expect(healthy.leading()).toBe(true), SOON);
  expect(await get(cutOff, '/readyz')).toMatch(/^503 SQS took nothing/);
  expect(await get(cutOff, '/healthz')).toMatch(/^200 /);
  expect(await metric(cutOff, 'resignations_total{reason="sqs"}')).toBe(1);
  await vi.waitFor(() => expect(queue.events()).toContain('a resync'), SOON);
  cluster.createPod('p2', 'b', [Y]);
  await vi.waitFor(() => expect(queue.events()).toContain('b add p2'), SOON);
  expect([cutOff.leading(), healthy.leading()]).toEqual([false, true]);
});

/** Replicas on a clock of their own, which the test moves on once they have nothing under way. */
async function onVirtualClock() {
  const cluster = await startCluster();
  const queue = await startQueue();
  const clock = virtualClock(Math.floor(systemClock.now() / 1_000) * 1_000);
  const underWay = new Set<symbol>();
  const counted = async <T>(make: () => Promise<T>): Promise<T> => {
    const call = Symbol();
    underWay.add(call);
    return make().finally(() => underWay.delete(call));
  };
  const counting =
    (kube: ApiTransport): ApiTransport =>
    async (request) => {
      const call = Symbol();
      underWay.add(call);
      try {
        const response = await kube(request);
        if (request.path.includes('watch=true')) underWay.delete(call);
        else response.once('close', () => underWay.delete(call));
        return response;
      } catch (error) {
        underWay.delete(call);
        throw error;
      }
    };
  const settled = (): Promise<void> => quiet(() => underWay.size > 0);
  return {
    cluster,
    queue,
    async start(
      identity: string,
      {
        kube = cluster.kube,
        sending = (send) => send,
      }: { kube?: ApiTransport; sending?: (send: SendBatch) => SendBatch } = {},
    ) {
      const forwarder = await startReplica({ kube: counting(kube) }, queue, identity, {
        clock,
        times: ELECTION_TIMES,
        sending: (send) => (batch, signal) => counted(() => sending(send)(batch, signal)),
      });
      await ready(forwarder);
      return forwarder;
    },
    async pass(ms: number, each: () => void = () => {}): Promise<void> {
      for (let passed = 0; passed < ms; passed += 500) {
        await settled();
        clock.advance(500);
        each();
      }
      await settled();
    },
  };
}

describe('28: a leader that', () => {
  const denied: SendBatch = async () => {
    throw Object.assign(new Error('not authorized'), { name: 'AccessDenied' });
  };
  const throttled: SendBatch = async (batch) =>
    batch.map((_, index) => ({ index, code: 'ThrottlingException', senderFault: false }));
  test.each([
    ['is denied to send', denied],
    ['is refused each message by a throttled SQS', throttled],
  ])('%s gives way after 20 s, and not before', async (_, send) => {
    const { cluster, queue, start, pass } = await onVirtualClock();
    const first = await start('replica-1', { sending: () => send });
    await pass(5 * SECOND_MS);
    const second = await start('replica-2');
    cluster.createPod('p1', 'a', [X]);
    // What is sent first waits since it was elected.
    await pass(14 * SECOND_MS);
    expect([first.leading(), second.leading()]).toEqual([true, false]);
    await pass(5 * SECOND_MS);
    expect([first.leading(), second.leading()]).toEqual([false, true]);
    expect(queue.events()).toEqual(['a resync']);
  });
});

describe('28: where nobody can send', () => {
  test('they take turns, and the nodes that lost all their pods meanwhile are looked at', async () => {
    const { cluster, queue, start, pass } = await onVirtualClock();
    cluster.createPod('p1', 'a', [X]);
    cluster.createPod('p2', 'b', [Y]);
    const replicas = [await start('replica-1'), await start('replica-2'), await start('replica-3')];
    await pass(5 * SECOND_MS);
    expect(queue.events().toSorted()).toEqual(['a resync', 'b resync']);
    const turns: number[] = [];
    const note = (): void => {
      const leader = replicas.findIndex((replica) => replica.leading());
      if (leader !== -1 && turns.at(-1) !== leader) turns.push(leader);
    };

    queue.sqs.faults.fail('SendMessageBatch', Number.POSITIVE_INFINITY);
    cluster.removePod('p1');
    await pass(2 * MINUTE_MS, note);
    cluster.removePod('p2');
    await pass(3 * MINUTE_MS, note);
    expect(new Set(turns)).toEqual(new Set([0, 1, 2]));
    expect(queue.events()).toHaveLength(2);

    queue.sqs.faults.fail('SendMessageBatch', 0);
    await pass(MINUTE_MS);
    expect(queue.events().slice(2).toSorted()).toEqual(['a resync', 'b resync']);
  });

  test('the only one leads again after a moment, and has the node looked at of which something waited', async () => {
    const { cluster, queue, start, pass } = await onVirtualClock();
    cluster.createPod('p1', 'a', [X]);
    const only = await start('replica-1');
    await pass(5 * SECOND_MS);
    queue.sqs.faults.fail('SendMessageBatch', Number.POSITIVE_INFINITY);
    cluster.removePod('p1');
    await pass(3 * MINUTE_MS);
    expect(await metric(only, 'resignations_total{reason="sqs"}')).toBeGreaterThan(2);
    queue.sqs.faults.fail('SendMessageBatch', 0);
    await pass(40 * SECOND_MS);
    expect(queue.events()).toEqual(['a resync', 'a resync']);
    expect(await get(only, '/readyz')).toMatch(/^200 /);
  });

  test('one that never led has them looked at all the same', async () => {
    const { cluster, queue, start, pass } = await onVirtualClock();
    const { kube, cutOff } = cuttable(cluster, '/apis/coordination.k8s.io');
    cluster.createPod('p1', 'a', [X]);
    const old = await start('replica-1');
    await pass(5 * SECOND_MS);
    const standby = await start('replica-2', { kube });
    cutOff(true);
    queue.sqs.faults.fail('SendMessageBatch', Number.POSITIVE_INFINITY);
    cluster.removePod('p1');
    await pass(5 * MINUTE_MS);
    await old.abandon();
    expect(standby.leading()).toBe(false);

    cutOff(false);
    queue.sqs.faults.fail('SendMessageBatch', 0);
    await pass(30 * SECOND_MS);
    expect(standby.leading()).toBe(true);
    expect(queue.events()).toEqual(['a resync', 'a resync']);
  });
});

/** A way to the API server on which, once it is cut off, calls under `path` are refused. */
function cuttable(cluster: Cluster, path: string) {
  let isCut = false;
  const kube: ApiTransport = async (request) => {
    if (isCut && request.path.startsWith(path)) {
      throw new ApiError(503, request.path, 'no way');
    }
    return cluster.kube(request);
  };
  return {
    kube,
    cutOff(cut: boolean): void {
      isCut = cut;
    },
  };
}

describe('28: a leader that does not see the pods', () => {
  const PODS = '/api/v1/pods';

  test('sends no heartbeat, and none leads', async () => {
    const { cluster, queue, start, pass } = await onVirtualClock();
    cluster.createPod('p1', 'a', [X]);
    const { kube, cutOff } = cuttable(cluster, PODS);
    const forwarder = await start('replica-1', { kube });
    await pass(5 * SECOND_MS);
    cutOff(true);
    cluster.api.watches.breakAll('reset');
    await pass(2 * MINUTE_MS + 5 * SECOND_MS);
    const beats = queue.heartbeats();
    expect(forwarder.leading()).toBe(false);
    expect(await metric(forwarder, 'resignations_total{reason="blind"}')).toBe(1);
    expect(await get(forwarder, '/readyz')).toMatch(/^503 the pods can not be watched/);
    await pass(3 * MINUTE_MS);
    expect(queue.heartbeats()).toBe(beats);

    cutOff(false);
    await pass(20 * SECOND_MS);
    expect(forwarder.leading()).toBe(true);
    expect(queue.heartbeats()).toBe(beats + 1);
  });

  test('is followed by one that sees them', async () => {
    const { cluster, queue, start, pass } = await onVirtualClock();
    const { kube, cutOff } = cuttable(cluster, PODS);
    const first = await start('replica-1', { kube });
    await pass(5 * SECOND_MS);
    const second = await start('replica-2');
    cutOff(true);
    cluster.api.watches.breakAll('reset');
    cluster.createPod('p1', 'a', [X]);
    await pass(2 * MINUTE_MS + 5 * SECOND_MS);
    expect([first.leading(), second.leading()]).toEqual([false, true]);
    expect(queue.events()).toContain('a resync');
    await pass(MINUTE_MS);
    expect(second.leading()).toBe(true);
  });
});
