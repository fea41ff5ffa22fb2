import { describe, expect } from 'vitest';
import { FLOATING_IPS } from '../../shared/cluster/annotations.ts';
import { leaveOn } from '../support/leftover.ts';
import { HOST_LOCAL, NET_1 } from '../support/networks.ts';
import { scenario } from '../support/scenario.ts';
import { eventually } from '../support/wait.ts';
import { twoWorkers, withX, X } from './two-workers.ts';

const ONE_HOLDER = { needs: ['one-holder'] } as const;

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
      await leaveOn(stage, a.eth1, [X]);
      await cluster.runPod('app', { on: b, networks: withX(NET_1) });

      await eventually(() => cloud.addressesOn(b.eth1)).toEqual([X]);
      expect(await cloud.addressesOn(a.eth1)).toEqual([]);
      expect(await cloud.addressesOn(stranger)).toEqual([X]);
    },
  );
});
