import { describe, expect, test, vi } from 'vitest';
import type { Forwarder } from '../../../forwarder/forwarder.ts';
import { nodeGroup } from '../../../shared/messages/group.ts';
import { startCluster } from './cluster.ts';
import { startQueue, startReplica } from './replicas.ts';

const X = '172.16.1.70';
const Y = '172.16.1.71';
const SOON = { timeout: 8_000, interval: 20 };

async function get(forwarder: Forwarder, path: string): Promise<{ status: number; text: string }> {
  const response = await fetch(`http://127.0.0.1:${forwarder.port}${path}`);
  return { status: response.status, text: await response.text() };
}

async function ready(forwarder: Forwarder): Promise<void> {
  await vi.waitFor(async () => expect((await get(forwarder, '/readyz')).status).toBe(200), SOON);
}

describe('from the pods to the queue', () => {
  test('every node with Multus pods is resynced at the start, and the cluster is alive', async () => {
    const cluster = await startCluster();
    const queue = await startQueue();
    cluster.createPod('p1', 'a', [X]);
    cluster.createPod('p2', 'b', []);
    await startReplica(cluster, queue);
    await vi.waitFor(() => expect(queue.events()).toEqual(['a resync']), SOON);
    await vi.waitFor(() => expect(queue.heartbeats()).toBe(1), SOON);
    const groups = queue.sqs.messages('pod-events.fifo').map(({ groupId }) => groupId);
    expect(groups).toContain(nodeGroup('demo', 'a'));
  });

  test('a pod that is added, updated and deleted is told of, with what it lets go', async () => {
    const cluster = await startCluster();
    const queue = await startQueue();
    const forwarder = await startReplica(cluster, queue);
    await vi.waitFor(() => expect(forwarder.leading()).toBe(true), SOON);
    await ready(forwarder);
    cluster.createPod('p1', 'a', [X, Y]);
    await vi.waitFor(() => expect(queue.events()).toEqual(['a add p1']), SOON);
    cluster.setIps('p1', [Y]);
    await vi.waitFor(() => expect(queue.events()).toContain(`a update p1 ${X}`), SOON);
    cluster.removePod('p1');
    await vi.waitFor(() => expect(queue.events()).toContain(`a delete p1 ${Y}`), SOON);
  });

  test('the node of a waiting claimant hears when the holder goes', async () => {
    const cluster = await startCluster();
    const queue = await startQueue();
    cluster.createPod('holder', 'a', [X]);
    cluster.createPod('waiting', 'b', [X]);
    await startReplica(cluster, queue);
    await vi.waitFor(() => expect(queue.messages()).toHaveLength(2), SOON);
    cluster.removePod('holder');
    await vi.waitFor(() => expect(queue.messages()).toHaveLength(4), SOON);
    expect(queue.messages().slice(2)).toMatchObject([
      { node: 'b', reason: 'pods', pods: [], lookFirst: true },
      { node: 'a', reason: 'pods', pods: [{ name: 'holder', ips: [X] }] },
    ]);
  });

  test('a pod that vanished while the watch was broken is told of', async () => {
    const cluster = await startCluster();
    const queue = await startQueue();
    cluster.createPod('p1', 'a', [X]);
    cluster.createPod('p2', 'a', [Y]);
    const forwarder = await startReplica(cluster, queue);
    await vi.waitFor(() => expect(queue.events()).toEqual(['a resync']), SOON);
    await ready(forwarder);
    // The watch alone is broken: the lead is kept.
    cluster.api.faults.failNext(1, ({ verb }) => verb === 'watch', 500);
    cluster.api.watches.breakAll('reset');
    cluster.removePod('p1');
    cluster.api.store.compact();
    await vi.waitFor(() => expect(queue.events()).toContain(`a delete p1 ${X}`), SOON);
    expect((await get(forwarder, '/metrics')).text).toContain('relists_total 1');
  });

  test('nothing is lost while SQS fails, and nothing is there twice when an answer is lost', async () => {
    const cluster = await startCluster();
    const queue = await startQueue();
    const forwarder = await startReplica(cluster, queue);
    await vi.waitFor(() => expect(queue.heartbeats()).toBe(1), SOON);
    await ready(forwarder);
    queue.sqs.faults.fail('SendMessageBatch', 2);
    queue.sqs.faults.loseResponse('SendMessageBatch', 1);
    cluster.createPod('p1', 'a', [X]);
    const accepted = () =>
      queue.sqs.calls.filter(
        ({ action, outcome }) => action === 'SendMessageBatch' && outcome === 'ok',
      );
    await vi.waitFor(() => expect(accepted()).toHaveLength(2), SOON);
    expect(queue.events()).toEqual(['a add p1']);
  });
});

describe('two replicas', () => {
  test('send everything once', async () => {
    const cluster = await startCluster();
    const queue = await startQueue();
    cluster.createPod('p1', 'a', [X]);
    const first = await startReplica(cluster, queue, 'replica-1');
    const second = await startReplica(cluster, queue, 'replica-2');
    await Promise.all([ready(first), ready(second)]);
    await vi.waitFor(() => expect(queue.events()).toEqual(['a resync']), SOON);
    cluster.removePod('p1');
    for (const forwarder of [first, second]) {
      const metrics = async () => (await get(forwarder, '/metrics')).text;
      await vi.waitFor(async () => expect(await metrics()).toContain('type="DELETED"} 1'), SOON);
      const leads = /^multus_eni_forwarder_leader (\d)/m.exec(await metrics())?.[1];
      expect(leads).toBe(forwarder.leading() ? '1' : '0');
    }
    expect([first.leading(), second.leading()].toSorted()).toEqual([false, true]);
    await vi.waitFor(() => expect(queue.events()).toHaveLength(2), SOON);
    expect(queue.events()).toEqual(['a resync', `a delete p1 ${X}`]);
  });

  test('when the leader dies, the other has all nodes looked at, also one that lost its pods meanwhile', async () => {
    const cluster = await startCluster();
    const queue = await startQueue();
    cluster.createPod('p1', 'a', [X]);
    cluster.createPod('p2', 'b', [Y]);
    const leader = await startReplica(cluster, queue, 'replica-1');
    await vi.waitFor(() => expect(queue.events()).toHaveLength(2), SOON);
    const standby = await startReplica(cluster, queue, 'replica-2');
    await ready(standby);
    await leader.abandon();
    const before = queue.messages().length;
    cluster.removePod('p1');
    await vi.waitFor(() => expect(standby.leading()).toBe(true), SOON);
    const news = () => queue.events().slice(before).toSorted();
    await vi.waitFor(() => expect(news()).toEqual(['a resync', 'b resync']), SOON);
    cluster.createPod('p3', 'c', [X]);
    await vi.waitFor(() => expect(news()).toContain('c add p3'), SOON);
  });

  test('a leader that is cut off from the API server sends nothing any more', async () => {
    const cluster = await startCluster();
    const queue = await startQueue();
    cluster.createPod('p1', 'a', [X]);
    const forwarder = await startReplica(cluster, queue);
    await vi.waitFor(() => expect(queue.events()).toEqual(['a resync']), SOON);
    await ready(forwarder);
    const waiting = async () =>
      /^multus_eni_forwarder_outbox_messages (\d+)/m.exec(
        (await get(forwarder, '/metrics')).text,
      )?.[1];
    queue.sqs.faults.fail('SendMessageBatch', 1_000);
    cluster.removePod('p1');
    await vi.waitFor(async () => expect(await waiting()).toBe('1'), SOON);
    cluster.api.faults.goDown('unreachable');
    await vi.waitFor(() => expect(forwarder.leading()).toBe(false), SOON);
    expect(await waiting()).toBe('0');
    queue.sqs.faults.fail('SendMessageBatch', 0);
    cluster.api.faults.comeUp();
    await vi.waitFor(() => expect(queue.events()).toEqual(['a resync', 'a resync']), SOON);
  });

  test('a leader that is stopped gives way at once, and leaves nothing unsent', async () => {
    const cluster = await startCluster();
    const queue = await startQueue();
    cluster.createPod('p1', 'a', [X]);
    const leader = await startReplica(cluster, queue, 'replica-1');
    await vi.waitFor(() => expect(queue.events()).toEqual(['a resync']), SOON);
    await ready(leader);
    cluster.setIps('p1', [X, Y]);
    await vi.waitFor(() => expect(queue.events()).toContain('a update p1'), SOON);
    // The node is not quiet: this is being gathered when the end comes.
    cluster.setIps('p1', [X]);
    const metrics = async () => (await get(leader, '/metrics')).text;
    await vi.waitFor(async () => expect(await metrics()).toContain('type="MODIFIED"} 2'), SOON);
    await leader.stop();
    expect(queue.events()).toContain(`a update p1 ${Y}`);
    const lease = cluster.api.objects.get('leases', { name: 'multus-eni-forwarder' });
    expect(lease).toMatchObject({ spec: { holderIdentity: '' } });
  });
});

describe('over HTTP', () => {
  test('a replica is alive at once, and ready when it knows the pods', async () => {
    const cluster = await startCluster();
    const queue = await startQueue();
    cluster.api.faults.goDown('error');
    const forwarder = await startReplica(cluster, queue);
    expect(await get(forwarder, '/healthz')).toEqual({ status: 200, text: 'ok\n' });
    expect((await get(forwarder, '/readyz')).status).toBe(503);
    cluster.api.faults.comeUp();
    await ready(forwarder);
    expect((await get(forwarder, '/elsewhere')).status).toBe(404);
  });

  test('its metrics say what it does', async () => {
    const cluster = await startCluster();
    const queue = await startQueue();
    cluster.createPod('p1', 'a', [X]);
    const forwarder = await startReplica(cluster, queue);
    await vi.waitFor(() => expect(queue.messages()).toHaveLength(1), SOON);
    await vi.waitFor(async () => {
      const { text } = await get(forwarder, '/metrics');
      expect(text).toContain('multus_eni_forwarder_pods_indexed 1');
      expect(text).toContain('multus_eni_forwarder_leader 1');
      expect(text).toContain('multus_eni_forwarder_messages_sent_total 2');
      expect(text).toContain('multus_eni_forwarder_outbox_messages 0');
    }, SOON);
  });
});
