import { describe, expect } from 'vitest';
import { METRIC_NAMES, type MetricName } from '../../shared/telemetry.ts';
import { leaveOn } from '../support/leftover.ts';
import { LOOSE, NET_1, NET_2, networkStatus } from '../support/networks.ts';
import { scenario } from '../support/scenario.ts';
import type { Stage } from '../support/stage.ts';
import { eventually } from '../support/wait.ts';

const X = '172.16.1.70';
/** No forwarder: all that is told is lost, and the sweep alone can mend it. */
const ALONE = { forwarder: false };
/** Nor does anybody do what it asks for. */
const QUIET = { ...ALONE, delivery: false };

describe('a sweep', () => {
  scenario('finds what is missing, and has it assigned', ALONE, async (stage) => {
    const { cluster, cloud } = stage;
    const worker = await cluster.addWorker();
    await cluster.applyNetwork(NET_1);
    const pod = await cluster.runPod('app', {
      on: worker,
      networks: [{ network: NET_1, ips: [X] }],
    });
    await eventually(() => cluster.attachedTo(pod)).toEqual([X]);

    expect(await swept(stage)).toEqual({ ...NO_DRIFT, missing: 1, messages: 1 });
    await eventually(() => cloud.addressesOn(worker.eth1)).toEqual([X]);
    await eventually(() => cluster.conditionOf(pod)).toMatchObject({ status: 'True' });
    expect(await swept(stage)).toEqual(NO_DRIFT);
  });

  scenario('finds what has leaked, and has it released', ALONE, async (stage) => {
    const { cluster, cloud } = stage;
    const worker = await cluster.addWorker();
    await cluster.applyNetwork(NET_1);
    await leaveOn(stage, worker.eth1, [X, '172.16.1.71']);

    expect(await swept(stage)).toEqual({ ...NO_DRIFT, leaked: 2, messages: 1 });
    await eventually(() => cloud.addressesOn(worker.eth1)).toEqual([]);
    await eventually(() => stage.queue.size()).toBe(0);
    expect(await swept(stage)).toEqual(NO_DRIFT);
  });

  scenario('writes nothing itself', QUIET, async (stage) => {
    const { cluster, calls, queue } = stage;
    const worker = await cluster.addWorker();
    await cluster.applyNetwork(NET_1);
    await leaveOn(stage, worker.eth1, [X]);
    const pod = await cluster.runPod('app', {
      on: worker,
      networks: [{ network: NET_1, ips: ['172.16.1.71'] }],
    });
    await eventually(() => cluster.attachedTo(pod)).toHaveLength(1);

    expect(await swept(stage)).toEqual({ ...NO_DRIFT, missing: 1, leaked: 1, messages: 1 });
    expect(calls.ec2.filter(({ action }) => !action.startsWith('Describe'))).toEqual([]);
    expect(calls.writes).toEqual([]);
    expect(await queue.size()).toBe(1);
  });

  scenario('reports what is foreign and leaves it alone', ALONE, async (stage) => {
    const { cluster, cloud } = stage;
    const worker = await cluster.addWorker();
    await cluster.applyNetwork(LOOSE);
    await cloud.assign(worker.eth1, [X]);

    expect(await swept(stage)).toEqual({ ...NO_DRIFT, foreign: 1 });
    expect(await cloud.addressesOn(worker.eth1)).toEqual([X]);
  });

  scenario(
    'reports a settled conflict and sends no message for it',
    { ...ALONE, needs: ['one-holder'] },
    async (stage) => {
      const { cluster, cloud, calls } = stage;
      const [a, b] = [await cluster.addWorker(), await cluster.addWorker()];
      await cluster.applyNetwork(NET_1);
      const networks = [{ network: NET_1, ips: [X] }];
      const holder = await cluster.runPod('first', { on: a, networks });
      await eventually(() => cluster.attachedTo(holder)).toEqual([X]);
      await stage.look(a);
      const loser = await cluster.runPod('second', { on: b, networks });
      await eventually(() => cluster.attachedTo(loser)).toEqual([X]);

      // It is told once, and from then on it is settled.
      expect(await swept(stage)).toEqual({ ...NO_DRIFT, conflicting: 1, messages: 1 });
      await eventually(() => cluster.conditionOf(loser)).toMatchObject({ reason: 'Conflict' });
      await eventually(() => stage.queue.size()).toBe(0);
      calls.clear();

      expect(await swept(stage)).toEqual({ ...NO_DRIFT, conflicting: 1 });
      expect(calls.ec2.filter(({ action }) => !action.startsWith('Describe'))).toEqual([]);
      expect(await cloud.addressesOn(a.eth1)).toEqual([X]);
    },
  );

  scenario(
    "does the same for what an instance has that is nobody's node",
    { ...ALONE, needs: ['one-holder'] },
    async (stage) => {
      const { cluster, cloud, calls } = stage;
      const worker = await cluster.addWorker();
      await cloud.addStranger({ addresses: [X] });
      await cluster.applyNetwork(NET_1);
      const networks = [{ network: NET_1, ips: [X] }];
      const pod = await cluster.runPod('app', { on: worker, networks });
      await eventually(() => cluster.attachedTo(pod)).toEqual([X]);
      await stage.look(worker);
      await eventually(() => cluster.conditionOf(pod)).toMatchObject({ reason: 'HeldElsewhere' });
      calls.clear();

      expect(await swept(stage)).toEqual({ ...NO_DRIFT, conflicting: 1 });
      expect(calls.ec2.filter(({ action }) => !action.startsWith('Describe'))).toEqual([]);
    },
  );

  scenario('reports an ENI that is full', ALONE, async (stage) => {
    const { cluster } = stage;
    const worker = await cluster.addWorker({ instanceType: 't3.medium' });
    await cluster.applyNetwork(NET_1);
    const ips = ['70', '71', '72', '73', '74', '75'].map((last) => `172.16.1.${last}`);
    const pod = await cluster.runPod('app', { on: worker, networks: [{ network: NET_1, ips }] });
    await eventually(() => cluster.attachedTo(pod)).toEqual(ips);
    await stage.look(worker);

    expect(await swept(stage)).toEqual({ ...NO_DRIFT, full: 1 });
  });

  scenario('corrects a condition that no longer tells the truth', ALONE, async (stage) => {
    const { cluster, cloud } = stage;
    const worker = await cluster.addWorker();
    await cluster.applyNetwork(NET_1);
    await cloud.assign(worker.eth1, [X]);
    const pod = await cluster.runPod('app', {
      on: worker,
      networks: [{ network: NET_1, ips: [X] }],
    });
    await eventually(() => cluster.attachedTo(pod)).toEqual([X]);

    expect(await swept(stage)).toEqual({ ...NO_DRIFT, messages: 1 });
    await eventually(() => cluster.conditionOf(pod)).toMatchObject({ status: 'True' });
  });

  scenario('sends one message for a node, whatever has drifted there', ALONE, async (stage) => {
    const { cluster, cloud } = stage;
    const worker = await cluster.addWorker();
    await cluster.applyNetwork(NET_1);
    await cluster.applyNetwork(NET_2);
    await leaveOn(stage, worker.eth2, ['172.16.3.70']);
    const pod = await cluster.runPod('app', {
      on: worker,
      networks: [{ network: NET_1, ips: [X] }],
    });
    await eventually(() => cluster.attachedTo(pod)).toEqual([X]);

    expect(await swept(stage)).toEqual({ ...NO_DRIFT, missing: 1, leaked: 1, messages: 1 });
    await eventually(() => cloud.addressesOn(worker.eth1)).toEqual([X]);
    await eventually(() => cloud.addressesOn(worker.eth2)).toEqual([]);
  });

  scenario(
    'deletes the ledger of an ENI that is gone, at the second sweep',
    { ...ALONE, needs: ['one-holder'] },
    async (stage) => {
      const { cluster, cloud } = stage;
      const detached = await cluster.addWorker();
      const gone = 'eni-0badbadbadbadbad0';
      await cluster.recordAddresses(gone, [X]);
      await leaveOn(stage, detached.eth1, ['172.16.1.71']);
      await cluster.deleteNode(detached);
      await cloud.terminate(detached);

      await stage.sweep();
      expect(await cluster.ledgerOf(gone)).toEqual([`${X} assigned`]);
      await stage.sweep();
      expect(await cluster.ledgerOf(gone)).toBeUndefined();
      expect(await cluster.ledgerOf(detached.eth1)).toEqual(['172.16.1.71 assigned']);
    },
  );

  scenario('finds who waits for an address that will never be', ALONE, async (stage) => {
    const { cluster } = stage;
    const hybrid = await cluster.addNode(
      'mi-0123456789abcdef0',
      'eks-hybrid:///us-west-2/demo/mi-0',
    );
    const registering = await cluster.addNode('registering', '');
    const worker = await cluster.addWorker();
    const gated = { gated: true };
    const pods = [
      await cluster.runPod('outside', { on: hybrid, ...gated }),
      await cluster.runPod('on-the-host', { on: worker, hostNetwork: true, ...gated }),
    ];
    const unknown = await cluster.runPod('unknown', { on: registering, ...gated });
    const attached = [{ network: NET_1, ips: [X] }];
    const other = await cluster.runPod('other', {
      on: hybrid,
      annotations: networkStatus(attached),
    });

    expect(await swept(stage)).toEqual({ ...NO_DRIFT, messages: 2 });
    for (const pod of pods) {
      await eventually(() => cluster.conditionOf(pod)).toMatchObject({
        status: 'True',
        reason: 'NothingToAssign',
      });
    }
    await eventually(() => stage.queue.size()).toBe(0);
    expect(await swept(stage)).toEqual(NO_DRIFT);
    expect(await cluster.conditionOf(unknown)).toBeUndefined();
    expect(await cluster.conditionOf(other)).toBeUndefined();
  });

  scenario(
    'sees no holder in a pod of a node outside EC2',
    { ...QUIET, needs: ['one-holder'] },
    async (stage) => {
      const { cluster } = stage;
      const [gone, worker] = [await cluster.addWorker(), await cluster.addWorker()];
      await cluster.applyNetwork(NET_1);
      await leaveOn(stage, gone.eth1, [X]);
      await cluster.deleteNode(gone);
      const hybrid = await cluster.addNode('mi-0', 'eks-hybrid:///us-west-2/demo/mi-0');
      await cluster.addNamespace('other');
      const networks = [{ network: NET_1, ips: [X] }];
      const annotations = networkStatus(networks);
      await cluster.runPod('outside', { on: hybrid, namespace: 'other', annotations });
      const pod = await cluster.runPod('app', { on: worker, networks });
      await eventually(() => cluster.attachedTo(pod)).toEqual([X]);

      expect(await swept(stage)).toEqual({ ...NO_DRIFT, missing: 1, messages: 1 });
    },
  );

  scenario('asks for what hardly changes once for all nodes', QUIET, async (stage) => {
    const { cluster, calls } = stage;
    await cluster.applyNetwork(NET_1);
    for (let index = 0; index < 12; index += 1) {
      const worker = await cluster.addWorker();
      const networks = [{ network: NET_1, ips: [`172.16.1.${70 + index}`] }];
      const pod = await cluster.runPod(`app-${index}`, { on: worker, networks });
      await eventually(() => cluster.attachedTo(pod)).toHaveLength(1);
    }
    calls.clear();
    expect(await swept(stage)).toMatchObject({ missing: 12, messages: 12 });
    const asked = (action: string): number =>
      calls.ec2.filter((call) => call.action === action).length;
    // Those of the managed ENIs, and then those of the others.
    expect(asked('DescribeSubnets')).toBeLessThanOrEqual(2);
    expect(asked('DescribeInstanceTypes')).toBeLessThanOrEqual(1);
  });

  scenario(
    'sees what lies beyond the first page of ENIs and of pods',
    { ...ALONE, needs: ['pages'] },
    async (stage) => {
      const { cluster, cloud } = stage;
      const first = await cluster.addWorker();
      await cloud.addSpareEnis(1_000);
      const last = await cluster.addWorker();
      await cluster.applyNetwork(NET_1);
      await leaveOn(stage, first.eth1, ['172.16.1.80']);
      await leaveOn(stage, last.eth1, ['172.16.1.81']);
      // In the order of names, in which lists are paged: the claimants come first and last.
      const ends = [
        await cluster.runPod('a', { on: first, networks: [{ network: NET_1, ips: [X] }] }),
        await cluster.runPod('z', {
          on: last,
          networks: [{ network: NET_1, ips: ['172.16.1.71'] }],
        }),
      ];
      const others = Array.from({ length: 500 }, (_, index) => `m-${index}`);
      await Promise.all(others.map((name) => cluster.runPod(name, { on: last })));
      for (const pod of ends) await eventually(() => cluster.attachedTo(pod)).toHaveLength(1);

      expect(await swept(stage)).toEqual({ ...NO_DRIFT, missing: 2, leaked: 2, messages: 2 });
    },
  );
});

const NO_DRIFT = { missing: 0, leaked: 0, foreign: 0, conflicting: 0, full: 0, messages: 0 };

/** Runs a sweep. What it counted, and how many messages its summary says that it sent. */
async function swept(stage: Stage): Promise<typeof NO_DRIFT> {
  const { telemetry, cluster } = stage;
  const total = (name: MetricName): number => telemetry.total(name, cluster.name);
  const before = new Map(METRIC_NAMES.map((name) => [name, total(name)]));
  await stage.sweep();
  const counted = (name: MetricName): number => total(name) - (before.get(name) ?? 0);
  const summary = JSON.stringify(telemetry.lines.findLast(({ text }) => text === 'swept')?.detail);
  return {
    missing: counted('DriftMissing'),
    leaked: counted('DriftLeaked'),
    foreign: counted('DriftForeign'),
    conflicting: counted('DriftConflicting'),
    full: counted('DriftFull'),
    messages: Number(/"messages":(\d+)/.exec(summary)?.[1]),
  };
}
