import { DeleteMessageCommand } from '@aws-sdk/client-sqs';
import type { SQSEvent } from 'aws-lambda';
import { expect, test } from 'vitest';
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
/** A call at first, and then one in fifty seconds. */
const LITTLE = { EC2_BUDGET: JSON.stringify({ writers: 1, maxPerSecond: 0.02 }) };

/** On node a, X is left over and KEPT is claimed, and EC2's budget has no calls for some time. */
async function startWithoutCalls() {
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
    return enqueue(bed, GROUP, JSON.stringify(nodeMessage({ node: 'a', observedAt, ...of })));
  };
  const reconcile = async (event: SQSEvent) => {
    const { result, ms } = await passTime(bed.reconcile(event));
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
  ec2.calls.clear();
  return { bed, clock, reconcile, calls, on: () => ec2.eni(enis[1]?.id ?? '').secondary };
}

test('a release that no calls are there for goes on as a new message, which assigns nothing again', async () => {
  const { bed, clock, reconcile, calls, on } = await startWithoutCalls();
  const { failed, ms } = await reconcile(await nextEvent(bed));
  expect({ failed, calls: calls() }).toEqual({ failed: 0, calls: [] });
  expect(ms).toBeLessThan(10_000);

  clock.advance(60_000);
  const again = await nextEvent(bed);
  expect(again.Records.map(({ attributes }) => attributes.ApproximateReceiveCount)).toEqual(['1']);
  expect(await reconcile(again)).toMatchObject({ failed: 0 });
  expect(on()).toEqual([KEPT]);
  expect(calls().filter((action) => !action.startsWith('Describe'))).toEqual([
    'UnassignPrivateIpAddresses',
  ]);
});

test('but one that was received before stays what it is, as it may have been done in part', async () => {
  const { bed, reconcile, calls } = await startWithoutCalls();
  await nextEvent(bed, 0);
  const again = await nextEvent(bed);
  expect(again.Records.map(({ attributes }) => attributes.ApproximateReceiveCount)).toEqual(['2']);
  expect(await reconcile(again)).toMatchObject({ failed: 1 });
  expect(calls()).toEqual([]);
});
