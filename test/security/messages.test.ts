import { expect } from 'vitest';
import { heartbeatGroup, nodeGroup } from '../../shared/messages/group.ts';
import type { NodeMessage } from '../../shared/messages/schema.ts';
import { deliver, messageFor, podEvent } from '../support/messages.ts';
import { LOOSE, NET_1 } from '../support/networks.ts';
import { scenario } from '../support/scenario.ts';
import type { Stage, Worker } from '../support/stage.ts';
import { eventually } from '../support/wait.ts';

const X = '172.16.1.70';
const LEFT = '172.16.1.200';
/** Only what the test sends is in the queue. */
const ALONE = { forwarder: false };

scenario('a forged message releases nothing that a live pod claims', ALONE, async (stage) => {
  const { cloud } = stage;
  const worker = await workerWithPod(stage);
  await deliver(stage, worker, [naming(worker, [X]), naming(worker, [X])]);
  expect(await cloud.addressesOn(worker.eth1)).toEqual([X]);
});

scenario('a forged message touches no ENI that is not managed', ALONE, async (stage) => {
  const { cluster, cloud } = stage;
  const worker = await cluster.addWorker({ eth1Tagged: false });
  await cluster.applyNetwork(LOOSE);
  await cloud.assign(worker.eth1, [LEFT]);
  await deliver(stage, worker, [naming(worker, [LEFT])]);
  expect(await cloud.addressesOn(worker.eth1)).toEqual([LEFT]);
});

scenario(
  'a forged message releases nothing outside the configured ranges',
  { ...ALONE, clusters: [{ name: 'demo', ranges: ['172.16.1.64/26'] }] },
  async (stage) => {
    const { cloud } = stage;
    const worker = await workerWithPod(stage);
    await cloud.assign(worker.eth1, [LEFT]);
    await deliver(stage, worker, [naming(worker, [LEFT])]);
    expect(await cloud.addressesOn(worker.eth1)).toEqual([X, LEFT]);
  },
);

scenario(
  "a forged message cannot have one node's ENIs judged by another's pods",
  ALONE,
  async (stage) => {
    const { cluster, cloud } = stage;
    const worker = await workerWithPod(stage);
    const empty = await cluster.addWorker();
    const forged = { ...naming(empty, [X]), instanceId: worker.instanceId };
    await deliver(stage, empty, [forged]);
    expect(await cloud.addressesOn(worker.eth1)).toEqual([X]);
  },
);

scenario(
  "a forged message has no cluster look after another's node",
  { ...ALONE, clusters: [{ name: 'demo' }, { name: 'staging' }] },
  async (stage) => {
    const { cloud, calls } = stage;
    const worker = await workerWithPod(stage);
    calls.clear();
    const forged = { ...naming(worker, [X]), cluster: 'staging', instanceId: worker.instanceId };
    await deliver(stage, { ...worker, cluster: 'staging' }, [forged]);
    expect(await cloud.addressesOn(worker.eth1)).toEqual([X]);
    expect(calls.ec2.filter(({ action }) => !action.startsWith('Describe'))).toEqual([]);
  },
);

scenario(
  'a message in another group than its node’s is set aside: a node has one writer',
  ALONE,
  async (stage) => {
    const { calls, queue } = stage;
    const worker = await workerWithPod(stage);
    calls.clear();
    const body = JSON.stringify(messageFor(worker));
    const groups = Array.from({ length: 8 }, (_, index) => `made-up-${index}`);
    for (const group of groups) await queue.send(group, [body]);
    await eventually(() => queue.deadLetters()).toEqual(
      groups.map((group) => ({
        body,
        reason: expect.stringContaining(`its group ${group} is not`),
      })),
    );
    expect(calls.ec2).toEqual([]);
  },
);

scenario('a node name that is syntax elsewhere is set aside', ALONE, async (stage) => {
  const { cloud, queue, calls } = stage;
  const worker = await workerWithPod(stage);
  calls.clear();
  const names = [
    'a,metadata.namespace!=default',
    'a=b',
    '..',
    '../../namespaces/kube-system/secrets',
    'a%2f..%2fb',
    'a\n{"level":"ERROR"}',
    `${worker.name},spec.nodeName!=${worker.name}`,
  ];
  const bodies = names.map((node) => JSON.stringify({ ...naming(worker, [X]), node }));
  const ids = await queue.send(nodeGroup(worker.cluster, 'forged'), bodies);
  for (const id of ids) await queue.done(id);

  // Those of a batch are set aside side by side.
  const dead = await queue.deadLetters();
  expect(dead.map(({ body }) => JSON.parse(body).node).sort()).toEqual(names.toSorted());
  expect(dead.map(({ reason }) => reason)).toEqual(names.map(() => 'node: not the name of a Node'));
  expect(calls.ec2).toEqual([]);
  expect(await cloud.addressesOn(worker.eth1)).toEqual([X]);
});

scenario('a heartbeat for a cluster that is not served counts for none', ALONE, async (stage) => {
  const { queue, telemetry } = stage;
  const beat = { version: 1, cluster: 'forged', reason: 'heartbeat', observedAt: now() };
  const ids = await queue.send(heartbeatGroup('forged'), [JSON.stringify(beat)]);
  for (const id of ids) await queue.done(id);
  expect(telemetry.values('ForwarderHeartbeat')).toEqual([]);
});

/** A worker with a pod that has X. */
async function workerWithPod(stage: Stage): Promise<Worker> {
  const { cluster, cloud } = stage;
  const worker = await cluster.addWorker();
  await cluster.applyNetwork(NET_1);
  const pod = await cluster.runPod('app', { on: worker, networks: [{ network: NET_1, ips: [X] }] });
  await eventually(() => cluster.attachedTo(pod)).toEqual([X]);
  await deliver(stage, worker, [messageFor(worker, { pods: [podEvent('add', 'app')] })]);
  await eventually(() => cloud.addressesOn(worker.eth1)).toEqual([X]);
  return worker;
}

/** What a forwarder would never say of these addresses. */
function naming(worker: Worker, ips: string[]): NodeMessage {
  return messageFor(worker, { pods: [podEvent('delete', 'app', ips)] });
}

function now(): string {
  return new Date().toISOString();
}
