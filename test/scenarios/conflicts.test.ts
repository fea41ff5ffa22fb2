import { describe, expect } from 'vitest';
import { FLOATING_IPS } from '../../shared/cluster/annotations.ts';
import { HOST_LOCAL, LOOSE, NET_1 } from '../support/networks.ts';
import { scenario } from '../support/scenario.ts';
import type { Network, Stage, Worker } from '../support/stage.ts';
import { eventually } from '../support/wait.ts';

const X = '172.16.1.70';
const ONE_HOLDER = { needs: ['one-holder'] } as const;

describe('when an address moves between nodes', () => {
  scenario(
    "a StatefulSet's pod that is forced away finds its address elsewhere",
    ONE_HOLDER,
    async (stage) => {
      const { cluster, cloud } = stage;
      const { a, b } = await twoWorkers(stage, NET_1);
      const old = await cluster.runPod('web-0', { on: a, networks: withX(NET_1) });
      await eventually(() => cloud.addressesOn(a.eth1)).toEqual([X]);

      await cluster.stopKubelet(a);
      await cluster.deletePod(old, { force: true });
      const pod = await cluster.runPod('web-0', { on: b, networks: withX(NET_1) });

      await eventually(() => cluster.conditionOf(pod)).toMatchObject({ status: 'True' });
      expect(await cloud.addressesOn(b.eth1)).toEqual([X]);
      expect(await cloud.addressesOn(a.eth1)).toEqual([]);
    },
  );

  scenario(
    "a Deployment's replacement has it while the old pod terminates",
    ONE_HOLDER,
    async (stage) => {
      const { cluster, cloud } = stage;
      const { a, b } = await twoWorkers(stage, NET_1);
      const old = await cluster.runPod('app-old', { on: a, networks: withX(NET_1) });
      await eventually(() => cloud.addressesOn(a.eth1)).toEqual([X]);

      await cluster.stopKubelet(a);
      await cluster.deletePod(old);
      const pod = await cluster.runPod('app-new', { on: b, networks: withX(NET_1) });
      await eventually(() => cluster.conditionOf(pod)).toMatchObject({ status: 'True' });
      expect(await cluster.pod(old)).toMatchObject({ terminating: true });
      expect(await cloud.addressesOn(b.eth1)).toEqual([X]);

      await cluster.startKubelet(a);
      await eventually(() => cluster.pod(old)).toBeUndefined();
      await stage.settled();
      expect(await cloud.addressesOn(b.eth1)).toEqual([X]);
      expect(await cloud.addressesOn(a.eth1)).toEqual([]);
    },
  );

  scenario(
    'a replacement that came first has it as soon as the old pod terminates',
    ONE_HOLDER,
    async (stage) => {
      const { cluster, cloud } = stage;
      const { a, b } = await twoWorkers(stage, NET_1);
      const old = await cluster.runPod('app-old', { on: a, networks: withX(NET_1) });
      await eventually(() => cloud.addressesOn(a.eth1)).toEqual([X]);
      const pod = await cluster.runPod('app-new', { on: b, networks: withX(NET_1) });
      await eventually(() => cluster.conditionOf(pod)).toMatchObject({ reason: 'Conflict' });

      await cluster.stopKubelet(a);
      await cluster.deletePod(old);
      await eventually(() => cloud.addressesOn(b.eth1)).toEqual([X]);
    },
  );

  scenario('an IPv6 address moves as an IPv4 one does', ONE_HOLDER, async (stage) => {
    const { cluster, cloud } = stage;
    const { a, b } = await twoWorkers(stage, NET_1);
    const networks = [{ network: NET_1, ips: ['2600:1f18:1111:1::70'] }];
    const old = await cluster.runPod('app-old', { on: a, networks });
    await eventually(() => cloud.addressesOn(a.eth1)).toEqual(['2600:1f18:1111:1::70']);
    const pod = await cluster.runPod('app-new', { on: b, networks });
    await eventually(() => cluster.conditionOf(pod)).toMatchObject({ reason: 'Conflict' });

    await cluster.stopKubelet(a);
    await cluster.deletePod(old);
    await eventually(() => cloud.addressesOn(b.eth1)).toEqual(['2600:1f18:1111:1::70']);
    expect(await cloud.addressesOn(a.eth1)).toEqual([]);
  });

  scenario("it is taken from a dead node's detached ENI", ONE_HOLDER, async (stage) => {
    const { cluster, cloud } = stage;
    const { a, b } = await twoWorkers(stage, NET_1);
    await cluster.runPod('web-0', { on: a, networks: withX(NET_1) });
    await eventually(() => cloud.addressesOn(a.eth1)).toEqual([X]);

    await cloud.terminate(a);
    await cluster.deleteNode(a);
    await cluster.collectOrphanedPods();
    expect(await cloud.addressesOn(a.eth1)).toEqual([X]);
    await cluster.runPod('web-0', { on: b, networks: withX(NET_1) });

    await eventually(() => cloud.addressesOn(b.eth1)).toEqual([X]);
    expect(await cloud.addressesOn(a.eth1)).toEqual([]);
  });

  scenario('outside ranges too it is taken from a detached ENI', ONE_HOLDER, async (stage) => {
    const { cluster, cloud } = stage;
    const { a, b } = await twoWorkers(stage, LOOSE);
    await cluster.runPod('web-0', { on: a, networks: withX(LOOSE) });
    await eventually(() => cloud.addressesOn(a.eth1)).toEqual([X]);

    await cloud.terminate(a);
    await cluster.deleteNode(a);
    await cluster.collectOrphanedPods();
    await cluster.runPod('web-0', { on: b, networks: withX(LOOSE) });

    await eventually(() => cloud.addressesOn(b.eth1)).toEqual([X]);
  });

  scenario(
    'a drain of six pods with static addresses outside ranges needs no sweep, though EC2 throttles',
    { needs: ['one-holder', 'ipv6', 'ec2-faults'] },
    async (stage) => {
      const { cluster, cloud } = stage;
      const faults = stage.faults();
      const { a, b } = await twoWorkers(stage, LOOSE);
      const ips = [0, 1, 2, 3, 4, 5].map((n) =>
        n % 2 === 0 ? `172.16.1.20${n}` : `2600:1f18:1111:1::20${n}`,
      );
      const runAll = (on: Worker) =>
        ips.map((ip, n) =>
          cluster.runPod(`web-${n}`, { on, networks: [{ network: LOOSE, ips: [ip] }] }),
        );
      const all = expect.arrayContaining(ips);
      const old = await Promise.all(runAll(a));
      await eventually(() => cloud.addressesOn(a.eth1)).toEqual(all);
      await stage.settled();

      const throttle = (tokens: number, perSecond: number): void => {
        faults.throttleEc2('UnassignPrivateIpAddresses', tokens, perSecond);
        faults.throttleEc2('UnassignIpv6Addresses', tokens, perSecond);
      };
      throttle(0, 0.001);
      for (const pod of old) await cluster.deletePod(pod);
      for (const pod of old) await eventually(() => cluster.pod(pod)).toBeUndefined();
      const come = await Promise.all(runAll(b));
      // Their node has looked before the other one could release anything.
      await eventually(() => faults.invocationsEndedAt(b).length).toBeGreaterThan(1);
      throttle(100, 5);

      for (const pod of come) {
        await eventually(() => cluster.conditionOf(pod)).toMatchObject({ status: 'True' });
      }
      expect(await cloud.addressesOn(b.eth1)).toEqual(all);
      await stage.settled();
      expect(await cloud.addressesOn(a.eth1)).toEqual([]);
    },
  );

  scenario(
    'a leftover outside ranges is left to its node, and the pod is told so',
    ONE_HOLDER,
    async (stage) => {
      const { cluster, cloud } = stage;
      const { a, b } = await twoWorkers(stage, LOOSE);
      await cloud.assign(a.eth1, [X]);
      const pod = await cluster.runPod('app', { on: b, networks: withX(LOOSE) });

      await eventually(() => cluster.conditionOf(pod)).toMatchObject({
        reason: 'HeldElsewhere',
        message: expect.stringContaining('multus-eni.dev/ranges'),
      });
      expect(await cloud.addressesOn(a.eth1)).toEqual([X]);
    },
  );

  scenario('a floating address goes to the standby and comes back', ONE_HOLDER, async (stage) => {
    const { cluster, cloud } = stage;
    const { a, b } = await twoWorkers(stage, NET_1);
    const floating = '172.16.1.100';
    const [first, second] = [
      await cluster.runPod('db-0', { on: a, networks: [{ network: NET_1, ips: [X] }] }),
      await cluster.runPod('db-1', { on: b, networks: [{ network: NET_1, ips: ['172.16.1.71'] }] }),
    ];
    const claim = (minute: number) => ({
      [FLOATING_IPS]: JSON.stringify([{ ip: floating, since: `2026-03-01T10:0${minute}:00Z` }]),
    });

    await cluster.annotatePod(first, claim(1));
    await eventually(() => cloud.addressesOn(a.eth1)).toEqual([X, floating]);
    await cluster.annotatePod(second, claim(2));
    await eventually(() => cloud.addressesOn(b.eth1)).toEqual(['172.16.1.71', floating]);
    await stage.settled();
    expect(await cloud.addressesOn(a.eth1)).toEqual([X]);

    await cluster.annotatePod(first, claim(3));
    await eventually(() => cloud.addressesOn(a.eth1)).toEqual([X, floating]);
    await stage.settled();
    expect(await cloud.addressesOn(b.eth1)).toEqual(['172.16.1.71']);
  });
});

describe('when two live pods claim one address', () => {
  scenario(
    'the one that EC2 served first has it, and the other is told who',
    ONE_HOLDER,
    async (stage) => {
      const { cluster, cloud } = stage;
      const { a, b } = await twoWorkers(stage, HOST_LOCAL);
      await cluster.runPod('first', { on: a, networks: [{ network: HOST_LOCAL }] });
      await eventually(() => cloud.addressesOn(a.eth1)).toEqual([X]);
      const loser = await cluster.runPod('second', { on: b, networks: [{ network: HOST_LOCAL }] });

      await eventually(() => cluster.conditionOf(loser)).toMatchObject({
        status: 'False',
        reason: 'Conflict',
      });
      await eventually(() => cluster.eventsOf(loser)).toMatchObject([
        {
          type: 'Warning',
          reason: 'IPAssignmentFailed',
          message: expect.stringContaining(`held by pod default/first on node ${a.name}`),
        },
      ]);
      expect(await cluster.attachedTo(loser)).toEqual([X]);
      expect(await cloud.addressesOn(b.eth1)).toEqual([]);
    },
  );

  scenario(
    'the other is served when the holder goes, without being touched',
    ONE_HOLDER,
    async (stage) => {
      const { cluster, cloud } = stage;
      const { a, b } = await twoWorkers(stage, NET_1);
      const holder = await cluster.runPod('first', { on: a, networks: withX(NET_1) });
      await eventually(() => cloud.addressesOn(a.eth1)).toEqual([X]);
      const loser = await cluster.runPod('second', { on: b, networks: withX(NET_1) });
      await eventually(() => cluster.conditionOf(loser)).toMatchObject({ reason: 'Conflict' });

      await cluster.deletePod(holder);
      await eventually(() => cluster.conditionOf(loser)).toMatchObject({ status: 'True' });
      expect(await cloud.addressesOn(b.eth1)).toEqual([X]);
      await eventually(() => cluster.eventsOf(loser)).toMatchObject([
        { reason: 'IPAssignmentFailed' },
        { reason: 'IPsAssigned' },
      ]);
    },
  );

  scenario(
    'a pod of another namespace never gets it while it is held',
    ONE_HOLDER,
    async (stage) => {
      const { cluster, cloud } = stage;
      const { a, b } = await twoWorkers(stage, NET_1);
      await cluster.addNamespace('other');
      const holder = await cluster.runPod('app', { on: a, networks: withX(NET_1) });
      await eventually(() => cloud.addressesOn(a.eth1)).toEqual([X]);

      const other = await cluster.runPod('app', {
        namespace: 'other',
        on: b,
        networks: withX(NET_1),
        annotations: {
          [FLOATING_IPS]: JSON.stringify([{ ip: X, since: '2031-01-01T00:00:00Z' }]),
        },
      });
      await eventually(() => cluster.conditionOf(other)).toMatchObject({ reason: 'Conflict' });

      // Not even while the holder terminates: it is of another namespace.
      await cluster.stopKubelet(a);
      await cluster.deletePod(holder);
      await stage.settled();
      await stage.look(b);
      expect(await cloud.addressesOn(a.eth1)).toEqual([X]);
      expect(await cloud.addressesOn(b.eth1)).toEqual([]);

      await cluster.startKubelet(a);
      await eventually(() => cloud.addressesOn(b.eth1)).toEqual([X]);
    },
  );

  scenario(
    'a worker that registers under a new name takes nothing from the pods of its old Node',
    ONE_HOLDER,
    async (stage) => {
      const { cluster, cloud, telemetry } = stage;
      const { a, b } = await twoWorkers(stage, NET_1);
      await cluster.addNamespace('other');
      await cluster.runPod('app', { on: a, networks: withX(NET_1) });
      await eventually(() => cloud.addressesOn(a.eth1)).toEqual([X]);
      const { name } = await cluster.addNode('renamed', `aws:///us-east-1a/${a.instanceId}`);

      // To it X is unclaimed; and to another node its holder is not to be found by the instance.
      await stage.look({ ...a, name });
      const other = await cluster.runPod('app', {
        namespace: 'other',
        on: b,
        networks: withX(NET_1),
      });
      await eventually(() => cluster.conditionOf(other)).toMatchObject({ reason: 'Conflict' });
      await stage.sweep();
      await stage.settled();

      expect(await cloud.addressesOn(a.eth1)).toEqual([X]);
      expect(await cloud.addressesOn(b.eth1)).toEqual([]);
      expect(telemetry.lines).toContainEqual(
        expect.objectContaining({
          text: expect.stringContaining('another Node names the same instance'),
          subject: { cluster: cluster.name, node: name },
        }),
      );
    },
  );

  scenario(
    'the live pod of a node that was deleted is the holder, until it goes',
    ONE_HOLDER,
    async (stage) => {
      const { cluster, cloud } = stage;
      const { a, b } = await twoWorkers(stage, NET_1);
      await cluster.addNamespace('other');
      const stranded = await cluster.runPod('app', { on: a, networks: withX(NET_1) });
      await eventually(() => cloud.addressesOn(a.eth1)).toEqual([X]);

      await cluster.deleteNode(a);
      const other = await cluster.runPod('app', {
        namespace: 'other',
        on: b,
        networks: withX(NET_1),
      });
      await eventually(() => cluster.conditionOf(other)).toMatchObject({
        reason: 'Conflict',
        message: expect.stringContaining(`held by pod default/app on node ${a.name}`),
      });
      expect(await cloud.addressesOn(a.eth1)).toEqual([X]);

      await cluster.deletePod(stranded, { force: true });
      await eventually(() => cloud.addressesOn(b.eth1)).toEqual([X]);
      expect(await cloud.addressesOn(a.eth1)).toEqual([]);
    },
  );
});

describe('when somebody else has the address', () => {
  scenario("it is not taken from an instance that is nobody's node", ONE_HOLDER, async (stage) => {
    const { cluster, cloud } = stage;
    const stranger = await cloud.addStranger({ addresses: [X] });
    const worker = await cluster.addWorker();
    await cluster.applyNetwork(NET_1);
    const pod = await cluster.runPod('app', { on: worker, networks: withX(NET_1) });

    await eventually(() => cluster.eventsOf(pod)).toMatchObject([
      {
        type: 'Warning',
        reason: 'IPAssignmentFailed',
        message: expect.stringContaining(`on ${stranger}, which is no managed ENI of this cluster`),
      },
    ]);
    expect(await cloud.addressesOn(stranger)).toEqual([X]);
    expect(await cloud.addressesOn(worker.eth1)).toEqual([]);
  });

  scenario(
    'the same private address in another VPC is not looked at',
    ONE_HOLDER,
    async (stage) => {
      const { cluster, cloud } = stage;
      const stranger = await cloud.addStranger({ addresses: [X], otherVpc: true });
      const { a, b } = await twoWorkers(stage, NET_1);
      await cloud.assign(a.eth1, [X]);
      await cluster.runPod('app', { on: b, networks: withX(NET_1) });

      await eventually(() => cloud.addressesOn(b.eth1)).toEqual([X]);
      expect(await cloud.addressesOn(a.eth1)).toEqual([]);
      expect(await cloud.addressesOn(stranger)).toEqual([X]);
    },
  );
});

async function twoWorkers(
  { cluster }: Stage,
  network: Network,
): Promise<{ readonly a: Worker; readonly b: Worker }> {
  const [a, b] = [await cluster.addWorker(), await cluster.addWorker()];
  await cluster.applyNetwork(network);
  return { a, b };
}

function withX(network: Network) {
  return [{ network, ips: [X] }];
}
