import { describe, expect } from 'vitest';
import { FLOATING_IPS } from '../../shared/cluster/annotations.ts';
import { LOOSE, NET_1 } from '../support/networks.ts';
import { scenario } from '../support/scenario.ts';
import type { Worker } from '../support/stage.ts';
import { eventually } from '../support/wait.ts';
import { twoWorkers, withX, X } from './two-workers.ts';

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
      stage.calls.clear();
      // Their node looks again because EC2 has refused what followed from its first look.
      const looks = () =>
        stage.calls.ec2.filter(({ input }) => input.includes(b.instanceId)).length;
      await eventually(looks).toBeGreaterThan(1);
      expect(await cloud.addressesOn(a.eth1)).toEqual(all);
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
    'what no ledger has on another node stays there, and the pod is told so',
    ONE_HOLDER,
    async (stage) => {
      const { cluster, cloud } = stage;
      const { a, b } = await twoWorkers(stage, LOOSE);
      await cloud.assign(a.eth1, [X]);
      const pod = await cluster.runPod('app', { on: b, networks: withX(LOOSE) });

      await eventually(() => cluster.conditionOf(pod)).toMatchObject({
        reason: 'HeldElsewhere',
        message: expect.stringContaining('multus-eni ledger adopt'),
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
