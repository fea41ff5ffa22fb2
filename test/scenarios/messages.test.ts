import { describe, expect } from 'vitest';
import { heartbeatGroup, nodeGroup } from '../../shared/messages/group.ts';
import { deliver, messageFor, podEvent } from '../support/messages.ts';
import { LOOSE, NET_1 } from '../support/networks.ts';
import { scenario } from '../support/scenario.ts';
import type { Network, Stage, Worker } from '../support/stage.ts';
import { eventually } from '../support/wait.ts';

const X = '172.16.1.70';
/** Only what the test sends is in the queue. */
const ALONE = { forwarder: false };

describe('messages are hints', () => {
  scenario('a message that comes twice changes nothing the second time', ALONE, async (stage) => {
    const { cloud, calls } = stage;
    const worker = await workerWithPod(stage, NET_1);
    const message = messageFor(worker, { pods: [podEvent('add', 'app')] });
    await deliver(stage, worker, [message]);
    await eventually(() => cloud.addressesOn(worker.eth1)).toEqual([X]);
    calls.clear();

    await deliver(stage, worker, [message]);
    expect(await cloud.addressesOn(worker.eth1)).toEqual([X]);
    expect(mutations(stage)).toEqual([]);
    expect(calls.writes).toEqual([]);
  });

  scenario('a delete that comes late does not release a live claim', ALONE, async (stage) => {
    const { cloud } = stage;
    const worker = await workerWithPod(stage, LOOSE);
    await deliver(stage, worker, [messageFor(worker, { pods: [podEvent('add', 'app')] })]);

    await deliver(stage, worker, [messageFor(worker, { pods: [podEvent('delete', 'old', [X])] })]);
    expect(await cloud.addressesOn(worker.eth1)).toEqual([X]);
  });

  scenario('an add that comes after its pod has gone assigns nothing', ALONE, async (stage) => {
    const { cluster, cloud } = stage;
    const worker = await cluster.addWorker();
    await cluster.applyNetwork(NET_1);

    await deliver(stage, worker, [
      messageFor(worker, { pods: [podEvent('delete', 'app', [X])] }),
      messageFor(worker, { pods: [podEvent('add', 'app')] }),
    ]);
    expect(await cloud.addressesOn(worker.eth1)).toEqual([]);
  });

  scenario('messages out of order end where those in order do', ALONE, async (stage) => {
    const { cloud } = stage;
    const worker = await workerWithPod(stage, NET_1);

    await deliver(stage, worker, [
      messageFor(worker, { pods: [podEvent('delete', 'other', ['172.16.1.71'])] }),
      messageFor(worker, { pods: [podEvent('update', 'app')] }),
      messageFor(worker, { pods: [podEvent('add', 'other')] }),
      messageFor(worker, { pods: [podEvent('add', 'app')] }),
    ]);
    expect(await cloud.addressesOn(worker.eth1)).toEqual([X]);
  });

  scenario('where nothing changed nothing is written', async (stage) => {
    const { cluster, calls } = stage;
    const worker = await cluster.addWorker();
    await cluster.applyNetwork(NET_1);
    const pod = await cluster.runPod('app', {
      on: worker,
      networks: [{ network: NET_1, ips: [X] }],
    });
    const lost = await cluster.runPod('lost', {
      on: worker,
      networks: [{ network: NET_1, ips: ['172.16.3.70'] }],
    });
    await eventually(() => cluster.conditionOf(pod)).toMatchObject({ status: 'True' });
    await eventually(() => cluster.conditionOf(lost)).toMatchObject({ status: 'False' });
    await stage.settled();
    calls.clear();

    await stage.look(worker);
    expect(calls.ec2).toMatchObject([{ action: 'DescribeNetworkInterfaces' }]);
    expect(calls.writes).toEqual([]);
  });

  scenario(
    "a forwarder's heartbeat becomes a metric, an old one does not",
    ALONE,
    async (stage) => {
      const { cluster, queue, telemetry, calls } = stage;
      const beat = (at: number) =>
        JSON.stringify({
          version: 1,
          cluster: cluster.name,
          reason: 'heartbeat',
          observedAt: new Date(at).toISOString(),
        });
      const beats = [beat(Date.now() - 10 * 60_000), beat(Date.now())];
      const ids = await queue.send(heartbeatGroup(cluster.name), beats);
      for (const id of ids) await queue.done(id);

      expect(telemetry.values('ForwarderHeartbeat', cluster.name)).toEqual([1]);
      expect(calls.ec2).toEqual([]);
    },
  );
});

describe('what a message names decides nothing', () => {
  scenario('an address in no ledger stays, whatever names it', ALONE, async (stage) => {
    const { cloud } = stage;
    const worker = await workerWithForeign(stage);
    const pods = [podEvent('delete', 'app', [X])];
    await deliver(stage, worker, [messageFor(worker, { pods })]);
    expect(await cloud.addressesOn(worker.eth1)).toEqual([X]);
  });

  scenario('an address of ours goes, though no message names it', ALONE, async (stage) => {
    const { cloud, cluster } = stage;
    const worker = await workerWithForeign(stage);
    await cluster.recordAddresses(worker.eth1, [X]);
    await deliver(stage, worker, [{ ...messageFor(worker), reason: 'replay' }]);
    expect(await cloud.addressesOn(worker.eth1)).toEqual([]);
  });
});

describe('a message that can never be done', () => {
  scenario('is set aside with the reason, and its group goes on', ALONE, async (stage) => {
    const { cloud, queue, telemetry } = stage;
    const worker = await workerWithPod(stage, NET_1);
    const malformed = JSON.stringify({ ...messageFor(worker), version: 2 });
    const good = JSON.stringify(messageFor(worker, { pods: [podEvent('add', 'app')] }));
    const group = nodeGroup(worker.cluster, worker.name);
    const ids = await queue.send(group, [malformed, '{"version": 1,', good]);
    for (const id of ids) await queue.done(id);

    expect(await cloud.addressesOn(worker.eth1)).toEqual([X]);
    const letters = await queue.deadLetters();
    expect(letters).toHaveLength(2);
    expect(letters).toContainEqual({
      body: malformed,
      reason: expect.stringMatching(/^version: /),
    });
    expect(letters).toContainEqual({
      body: '{"version": 1,',
      reason: expect.stringMatching(/^not JSON/),
    });
    expect(telemetry.total('MessagesMalformed')).toBe(2);
  });

  scenario('is set aside if its cluster is not configured', ALONE, async (stage) => {
    const { cluster, queue } = stage;
    const worker = { ...(await cluster.addWorker()), cluster: 'staging' };
    await deliver(stage, worker, [messageFor(worker)]);

    expect(await queue.deadLetters()).toMatchObject([
      { reason: expect.stringContaining('cluster staging is not configured') },
    ]);
    expect(await queue.size()).toBe(0);
  });
});

/** A worker with a pod that claims X. */
async function workerWithPod({ cluster }: Stage, network: Network): Promise<Worker> {
  const worker = await cluster.addWorker();
  await cluster.applyNetwork(network);
  const pod = await cluster.runPod('app', { on: worker, networks: [{ network, ips: [X] }] });
  await eventually(() => cluster.attachedTo(pod)).toEqual([X]);
  return worker;
}

/** A worker with X on its ENI, which nobody claims and no ledger has. */
async function workerWithForeign({ cluster, cloud }: Stage): Promise<Worker> {
  const worker = await cluster.addWorker();
  await cluster.applyNetwork(LOOSE);
  await cloud.assign(worker.eth1, [X]);
  return worker;
}

function mutations({ calls }: Stage): string[] {
  return calls.ec2.map(({ action }) => action).filter((action) => !action.startsWith('Describe'));
}
