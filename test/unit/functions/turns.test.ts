import { DeleteMessageCommand } from '@aws-sdk/client-sqs';
import { expect, test } from 'vitest';
import { nodeGroup } from '../../../shared/messages/group.ts';
import { scenePod } from '../../schedules/scene-pod.ts';
import { nodeMessage, podEvent } from '../../support/messages.ts';
import { startHangingBed } from './hanging.ts';
import { enqueue, nextEvent } from './queued.ts';

const definition = (index: number) => ({
  metadata: { name: `net-${index}`, namespace: 'default' },
  spec: {
    config: JSON.stringify({
      ...{ cniVersion: '0.3.1', type: 'ipvlan', master: `eth${index}` },
      ipam: { type: 'host-local', ranges: [[{ subnet: `172.16.${2 * index - 1}.0/24` }]] },
    }),
  },
});

async function startWith(nodes: readonly string[], settings: Record<string, string> = {}) {
  const { bed, clock, passTime } = await startHangingBed(['demo'], settings);
  const { cluster, ec2, subnets } = bed.world;
  const { objects } = cluster.kubernetes;
  const workers = nodes.map((name) => {
    const enis = [
      { deviceIndex: 1, subnetId: subnets.multus1 },
      { deviceIndex: 2, subnetId: subnets.multus2 },
    ];
    const worker = cluster.addWorker(enis, { name });
    cluster.nodes.stopKubelet(name);
    return worker;
  });
  for (const index of [1, 2]) {
    objects.create('network-attachment-definitions', definition(index));
  }
  const send = (node: string, of: Parameters<typeof nodeMessage>[0]) => {
    const observedAt = new Date(clock.now()).toISOString();
    const body = JSON.stringify(nodeMessage({ node, observedAt, ...of }));
    return enqueue(bed, nodeGroup('demo', node), body);
  };
  const reconcile = async () => {
    const event = await nextEvent(bed);
    const { result } = await passTime(bed.reconcile(event));
    for (const { receiptHandle: ReceiptHandle } of event.Records) {
      await bed.sqs.send(
        new DeleteMessageCommand({ QueueUrl: bed.world.queue.url, ReceiptHandle }),
      );
    }
    return { messages: event.Records.length, failed: result.batchItemFailures.length };
  };
  const calls = (prefix: string) =>
    ec2.calls.all().filter(({ action }) => action.startsWith(prefix));
  return { bed, objects, ec2, workers, send, reconcile, calls };
}

test('one call reads the ENIs of all nodes of a batch, although the API server tells one after another which they are', async () => {
  const nodes = Array.from({ length: 10 }, (_, index) => `node-${index}`);
  const { send, reconcile, calls, ec2 } = await startWith(nodes);
  for (const node of nodes) await send(node, { reason: 'resync' });
  ec2.calls.clear();
  expect(await reconcile()).toEqual({ messages: 10, failed: 0 });
  expect(calls('DescribeNetworkInterfaces')).toHaveLength(1);
});

test('a node that waited for a read alone assigns what no message tells of without another read', async () => {
  // Forty executions with plenty of calls that write: each has a read every two seconds.
  const raised = { EC2_BUDGET: JSON.stringify({ writers: 40, maxPerSecond: 400 }) };
  const { bed, objects, ec2, workers, send, reconcile, calls } = await startWith(
    ['a', 'b'],
    raised,
  );
  const look = async () => {
    for (const node of ['a', 'b']) await send(node, { reason: 'resync' });
    await reconcile();
  };
  for (let looks = 0; looks < 3; looks += 1) await look();
  const [, eth1] = workers[0]?.enis ?? [];
  const ip = '172.16.1.70';
  scenePod(objects, 'untold', { node: 'a', ips: [ip], mac: eth1?.mac ?? '' });
  ec2.calls.clear();
  await look();
  expect(bed.telemetry.values('BudgetWait', 'demo')).not.toEqual([]);
  expect(ec2.eni(eth1?.id ?? '').secondary).toEqual([ip]);
  expect(calls('DescribeNetworkInterfaces')).toHaveLength(1);
});

test('a throttled call after a release starts over, and what was kept is not asked for again', async () => {
  const { objects, ec2, workers, send, reconcile, calls } = await startWith(['a']);
  const [, eth1, eth2] = workers[0]?.enis ?? [];
  const [left, added, kept] = ['172.16.1.70', '172.16.3.70', '172.16.1.71'];
  const pod = (ip: string, { mac } = eth1 ?? { mac: '' }) =>
    scenePod(objects, `has-${ip.replaceAll('.', '-')}`, { node: 'a', ips: [ip], mac });
  const gone = pod(left);
  pod(kept);
  await send('a', { reason: 'pods' });
  await reconcile();
  const on = (eni = eth1) => ec2.eni(eni?.id ?? '').secondary.toSorted();
  expect(on()).toEqual([left, kept]);
  gone.remove();
  pod(added, eth2);
  ec2.calls.clear();
  ec2.throttle.enable({ AssignPrivateIpAddresses: { tokens: 2, refillPerSecond: 1 } });
  while (ec2.throttle.take('AssignPrivateIpAddresses'));
  const { pods } = gone.gone(left);
  await send('a', { reason: 'pods', pods: [...pods, podEvent('add', 'new')] });
  expect(await reconcile()).toMatchObject({ failed: 0 });
  expect({ eth1: on(), eth2: on(eth2) }).toEqual({ eth1: [kept], eth2: [added] });
  const assigns = calls('Assign').filter(({ outcome }) => outcome.kind === 'answered');
  expect(assigns.map(({ params }) => params.NetworkInterfaceId)).toEqual([eth2?.id]);
});
