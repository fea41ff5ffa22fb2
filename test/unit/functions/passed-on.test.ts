import { DeleteMessageCommand } from '@aws-sdk/client-sqs';
import type { SQSEvent } from 'aws-lambda';
import { describe, expect, test } from 'vitest';
import { nodeGroup } from '../../../shared/messages/group.ts';
import type { NodeMessage } from '../../../shared/messages/schema.ts';
import { scenePod } from '../../schedules/scene-pod.ts';
import { nodeMessage } from '../../support/messages.ts';
import { startHangingBed } from './hanging.ts';
import { enqueue, nextEvent } from './queued.ts';

const X = '172.16.1.70';
const KEPT = '172.16.1.71';
const FIRST = '172.16.1.72';
const GROUP = nodeGroup('demo', 'a');
const ipam = { type: 'host-local', ranges: [[{ subnet: '172.16.1.0/24' }]] };
const config = JSON.stringify({ cniVersion: '0.3.1', type: 'ipvlan', master: 'eth1', ipam });
const NET = { metadata: { name: 'net-1', namespace: 'default' }, spec: { config } };
/** A call at first, and then one in five hundred seconds. */
const LITTLE = { EC2_BUDGET: JSON.stringify({ writers: 1, maxPerSecond: 0.002 }) };
/** As the deployed function gives it: a node is given back after thirty seconds of waiting. */
const NODE_DEADLINE_MS = 45_000;

/**
 * On node a, X is left over and KEPT is claimed, and EC2's budget has no calls for some time.
 *
 * @param attributes of the message that tells of X.
 */
async function startWithoutCalls(attributes: Parameters<typeof enqueue>[3] = {}) {
  const { bed, clock, passTime } = await startHangingBed(['demo'], LITTLE);
  const { cluster, ec2, subnets } = bed.world;
  const { enis } = cluster.addWorker([{ deviceIndex: 1, subnetId: subnets.multus1 }], {
    name: 'a',
  });
  const { objects } = cluster.kubernetes;
  cluster.nodes.stopKubelet('a');
  objects.create('network-attachment-definitions', NET);
  const pods = [FIRST, X, KEPT].map((ip, index) =>
    scenePod(objects, `p${index}`, { node: 'a', ips: [ip] }),
  );
  const send = (of: Partial<NodeMessage>) => {
    const observedAt = new Date(clock.now()).toISOString();
    const body = JSON.stringify(nodeMessage({ node: 'a', observedAt, ...of }));
    return enqueue(bed, GROUP, body, attributes);
  };
  const reconcile = async (event: SQSEvent) => {
    const { result, ms } = await passTime(bed.reconcile(event, NODE_DEADLINE_MS));
    const failed = new Set(result.batchItemFailures.map(({ itemIdentifier }) => itemIdentifier));
    for (const { messageId, receiptHandle: ReceiptHandle } of event.Records) {
      if (failed.has(messageId)) continue;
      await bed.sqs.send(
        new DeleteMessageCommand({ QueueUrl: bed.world.queue.url, ReceiptHandle }),
      );
    }
    return { failed: failed.size, ms };
  };
  const [first, second] = pods;
  await send({ reason: 'pods' });
  await reconcile(await nextEvent(bed));
  for (const [pod, ip] of [
    [first, FIRST],
    [second, X],
  ] as const) {
    pod?.remove();
    await send(pod?.gone(ip) ?? {});
    if (pod === first) await reconcile(await nextEvent(bed));
  }
  const calls = () => ec2.calls.all().map(({ action }) => action);
  const queued = () =>
    bed.world.sqs.messages(bed.world.queue.name).map(({ attributes, receiveCount, visibleAt }) => ({
      firstSent: attributes['first-sent']?.StringValue,
      receiveCount,
      hiddenMs: Math.max(0, visibleAt - clock.now()),
    }));
  ec2.calls.clear();
  return { bed, clock, reconcile, calls, queued, on: () => ec2.eni(enis[1]?.id ?? '').secondary };
}

test('a release that no calls are there for goes on as a new message, which assigns nothing again', async () => {
  const { bed, clock, reconcile, calls, queued, on } = await startWithoutCalls();
  const sent = String(clock.now());
  const { failed, ms } = await reconcile(await nextEvent(bed));
  expect({ failed, calls: calls() }).toEqual({ failed: 0, calls: [] });
  expect(ms).toBeLessThan(10_000);
  // SQS counts its age from now on: who looks at it learns from the attribute how long it has waited.
  expect(queued()).toMatchObject([{ firstSent: sent, receiveCount: 0 }]);
  expect(bed.telemetry.values('MessagesPassedOn', 'demo')).toEqual([1]);
  expect(bed.telemetry.lines).toContainEqual(
    expect.objectContaining({ text: 'a node waits for EC2: its messages were passed on' }),
  );

  // Passed on once more, it still tells when it was sent first.
  await reconcile(await nextEvent(bed));
  expect(queued()).toMatchObject([{ firstSent: sent, receiveCount: 0 }]);

  clock.advance(510_000);
  const again = await nextEvent(bed);
  expect(again.Records.map(({ attributes }) => attributes.ApproximateReceiveCount)).toEqual(['1']);
  expect(await reconcile(again)).toMatchObject({ failed: 0 });
  expect(on()).toEqual([KEPT]);
  expect(calls().filter((action) => !action.startsWith('Describe'))).toEqual([
    'UnassignPrivateIpAddresses',
  ]);
});

describe('but it stays what it is, for a minute at most, where', () => {
  test('it was received before, as it may have been done in part', async () => {
    const { bed, reconcile, calls, queued } = await startWithoutCalls();
    await nextEvent(bed, 0);
    const again = await nextEvent(bed);
    expect(again.Records.map(({ attributes }) => attributes.ApproximateReceiveCount)).toEqual([
      '2',
    ]);
    expect(await reconcile(again)).toMatchObject({ failed: 1 });
    expect(calls()).toEqual([]);
    expectHidden(queued());
  });

  test('replay has to know it again', async () => {
    const origin = { 'replay-origin': { DataType: 'String', StringValue: 'message-1' } };
    const { bed, reconcile, queued } = await startWithoutCalls(origin);
    expect(await reconcile(await nextEvent(bed))).toMatchObject({ failed: 1 });
    expectHidden(queued());
  });

  test('it went round for five minutes, so that the alarm on the oldest message rings', async () => {
    const { bed, clock, reconcile, queued } = await startWithoutCalls();
    clock.advance(300_000);
    expect(await reconcile(await nextEvent(bed))).toMatchObject({ failed: 1 });
    expectHidden(queued());
  });
});

/** It is the same message, and can be received again within a minute. */
function expectHidden(queued: readonly { receiveCount: number; hiddenMs: number }[]): void {
  expect(queued).toHaveLength(1);
  for (const { receiveCount, hiddenMs } of queued) {
    expect(receiveCount).toBeGreaterThan(0);
    expect(hiddenMs).toBeGreaterThan(0);
    expect(hiddenMs).toBeLessThanOrEqual(60_000);
  }
}
