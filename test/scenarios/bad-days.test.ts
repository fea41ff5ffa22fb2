import { describe, expect } from 'vitest';
import { deliver, messageFor } from '../support/messages.ts';
import { NET_1, NET_2 } from '../support/networks.ts';
import { scenario } from '../support/scenario.ts';
import type { Stage } from '../support/stage.ts';
import { eventually } from '../support/wait.ts';

const X = '172.16.1.70';
const FAULTS = { needs: ['ec2-faults'] } as const;
const TWO_CLUSTERS = { clusters: [{ name: 'demo' }, { name: 'other' }] };

describe('on a bad day of EC2', () => {
  scenario('what was throttled is done in the end', FAULTS, async (stage) => {
    const { cluster, cloud, queue } = stage;
    const faults = stage.faults();
    const worker = await cluster.addWorker();
    await cluster.applyNetwork(NET_1);
    await cluster.applyNetwork(NET_2);
    faults.throttleEc2('AssignPrivateIpAddresses', 0, 0.5);
    const pod = await cluster.runPod('app', {
      on: worker,
      networks: [
        { network: NET_1, ips: [X] },
        { network: NET_2, ips: ['172.16.3.70'] },
      ],
    });
    await eventually(() => faults.throttled()).toBeGreaterThan(0);
    faults.throttleEc2('AssignPrivateIpAddresses', 100, 5);

    await eventually(() => cluster.conditionOf(pod)).toMatchObject({ status: 'True' });
    expect(await cloud.addressesOn(worker.eth1)).toEqual([X]);
    expect(await cloud.addressesOn(worker.eth2)).toEqual(['172.16.3.70']);
    expect(await queue.deadLetters()).toEqual([]);
  });

  scenario('an assignment whose answer was lost counts', FAULTS, async (stage) => {
    const { cluster, cloud, queue } = stage;
    const worker = await cluster.addWorker();
    await cluster.applyNetwork(NET_1);
    stage.faults().loseEc2Answer('AssignPrivateIpAddresses', 3);
    const pod = await cluster.runPod('app', {
      on: worker,
      networks: [{ network: NET_1, ips: [X] }],
    });

    await eventually(() => cluster.conditionOf(pod)).toMatchObject({ status: 'True' });
    expect(await cloud.addressesOn(worker.eth1)).toEqual([X]);
    await stage.settled();
    expect(await queue.deadLetters()).toEqual([]);
  });

  scenario('a release whose answer was lost is seen to be done', FAULTS, async (stage) => {
    const { cluster, cloud, queue } = stage;
    const { worker, pod } = await runningApp(stage);
    stage.faults().loseEc2Answer('UnassignPrivateIpAddresses', 1);

    await cluster.deletePod(pod);
    await eventually(() => cloud.addressesOn(worker.eth1)).toEqual([]);
    await stage.settled();
    expect(await queue.deadLetters()).toEqual([]);
  });

  scenario('a take-over whose answers were lost ends with the address', FAULTS, async (stage) => {
    const { cluster, cloud } = stage;
    const { worker: a, pod: old } = await runningApp(stage);
    const b = await cluster.addWorker();
    await cluster.stopKubelet(a);
    await cluster.deletePod(old);
    await stage.settled();
    stage.faults().loseEc2Answer('UnassignPrivateIpAddresses', 1);
    stage.faults().loseEc2Answer('AssignPrivateIpAddresses', 3);
    const pod = await cluster.runPod('new', { on: b, networks: [{ network: NET_1, ips: [X] }] });

    await eventually(() => cluster.conditionOf(pod)).toMatchObject({ status: 'True' });
    expect(await cloud.addressesOn(b.eth1)).toEqual([X]);
    expect(await cloud.addressesOn(a.eth1)).toEqual([]);
  });

  scenario('a pod that comes back while EC2 lags has its address', FAULTS, async (stage) => {
    const { cluster, cloud } = stage;
    const { worker, pod } = await runningApp(stage);
    stage.faults().lagEc2(400);
    await eventually(() => cloud.shownOn(worker.eth1)).toEqual([X]);
    await cluster.deletePod(pod);
    await eventually(() => cloud.addressesOn(worker.eth1)).toEqual([]);
    const again = await cluster.runPod('app', {
      on: worker,
      networks: [{ network: NET_1, ips: [X] }],
    });

    await eventually(() => cluster.conditionOf(again)).toMatchObject({ status: 'True' });
    await stage.settled();
    expect(await cloud.addressesOn(worker.eth1)).toEqual([X]);
  });
});

describe('while an API server is down', () => {
  scenario('messages wait, and all is right when it is back', async (stage) => {
    const { cluster, cloud, queue, telemetry } = stage;
    const faults = stage.faults();
    const { worker, pod } = await runningApp(stage);
    await stage.settled();
    faults.goDown(cluster.name);
    const ids = await queue.send(`${cluster.name}/${worker.name}`, [
      JSON.stringify(messageFor(worker)),
    ]);
    await eventually(() => telemetry.total('NodesRetried')).toBeGreaterThan(1);
    // What changes meanwhile is seen when the forwarder can watch again.
    await cluster.deletePod(pod, { force: true });
    await cluster.runPod('next', {
      on: worker,
      networks: [{ network: NET_1, ips: ['172.16.1.71'] }],
    });
    expect(await cloud.addressesOn(worker.eth1)).toEqual([X]);

    faults.comeUp(cluster.name);
    for (const id of ids) await queue.done(id);
    await eventually(() => cloud.addressesOn(worker.eth1)).toEqual(['172.16.1.71']);
    await eventually(() => queue.size()).toBe(0);
    expect(await queue.deadLetters()).toEqual([]);
  });

  scenario('another cluster of the queue is served', TWO_CLUSTERS, async (stage) => {
    const { cloud, queue, telemetry } = stage;
    const [lost, well] = [stage.clusterNamed('demo'), stage.clusterNamed('other')];
    const [unreachable, worker] = [await lost.addWorker(), await well.addWorker()];
    await well.applyNetwork(NET_1);
    stage.faults().goDown(lost.name);
    await queue.send(`${lost.name}/${unreachable.name}`, [JSON.stringify(messageFor(unreachable))]);
    await eventually(() => telemetry.total('NodesRetried', lost.name)).toBeGreaterThan(0);

    const pod = await well.runPod('app', { on: worker, networks: [{ network: NET_1, ips: [X] }] });
    await eventually(() => cloud.addressesOn(worker.eth1)).toEqual([X]);
    await eventually(() => well.conditionOf(pod)).toMatchObject({ status: 'True' });
    await deliver(stage, worker, [messageFor(worker)]);
    expect(telemetry.total('NodesRetried', well.name)).toBe(0);
    expect(await queue.size()).toBeGreaterThan(0);
    expect(await queue.deadLetters()).toEqual([]);
  });
});

describe('several clusters in one VPC', () => {
  scenario(
    "leave each other's addresses alone",
    { ...TWO_CLUSTERS, needs: ['one-holder'] },
    async (stage) => {
      const { cloud } = stage;
      const [one, two] = [stage.clusterNamed('demo'), stage.clusterNamed('other')];
      const [a, b] = [await one.addWorker(), await two.addWorker()];
      await one.applyNetwork(NET_1);
      await two.applyNetwork(NET_1);
      const networks = [{ network: NET_1, ips: [X] }];
      const holder = await one.runPod('app', { on: a, networks });
      await eventually(() => one.conditionOf(holder)).toMatchObject({ status: 'True' });
      const other = await two.runPod('app', { on: b, networks });

      await eventually(() => two.conditionOf(other)).toMatchObject({ reason: 'HeldElsewhere' });
      expect(await cloud.addressesOn(a.eth1)).toEqual([X]);
      expect(await cloud.addressesOn(b.eth1)).toEqual([]);
    },
  );
});

async function runningApp({ cluster, cloud }: Stage) {
  const worker = await cluster.addWorker();
  await cluster.applyNetwork(NET_1);
  const pod = await cluster.runPod('app', { on: worker, networks: [{ network: NET_1, ips: [X] }] });
  await eventually(() => cloud.addressesOn(worker.eth1)).toEqual([X]);
  return { worker, pod };
}
