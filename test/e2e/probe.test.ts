import {
  AssignPrivateIpAddressesCommand,
  CreateTagsCommand,
  DeleteTagsCommand,
  UnassignPrivateIpAddressesCommand,
} from '@aws-sdk/client-ec2';
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import { FAILURES } from '../../cli/probe/failures.ts';
import { patience } from '../support/machine.ts';
import { until } from './cluster/processes.ts';
import { nodeObstacles } from './parts/preconditions.ts';
import { takeMultus } from './support/multus-on-node.ts';
import { type ProbeBed, startProbeBed, type Which } from './support/probe-bed.ts';

// Of those that run side by side the last one ends as late as all of them together.
vi.setConfig({ testTimeout: patience(300_000), maxConcurrency: 2 });

const obstacles = await nodeObstacles();
const starting = (text: string) => expect.stringMatching(new RegExp(`^${text}`, 's'));

/*
 * Every failure that a probe names, and why it does. Side by side run probes that change nothing of a node, or
 * each something of another one of its ENIs.
 */
describe.skipIf(obstacles.length > 0)('multus-eni probe on two real nodes', () => {
  let bed: ProbeBed;

  beforeAll(async () => {
    bed = await startProbeBed();
    const { real } = bed;
    await real.apply('overlays/demo');
    real.startDelivery();
    const rollout = ['rollout', 'status', 'deployment/multus-eni-forwarder', '--timeout=120s'];
    await real.cluster.kubectl([...rollout, '--namespace=multus-eni-reconciler']);
  });
  afterAll(() => bed?.stop());

  /** A probe that is under way. */
  const running = async (namespace: string) => {
    const network = await bed.addNetwork(namespace);
    const probing = bed.start(...network.args, '--gateway', '172.16.1.250');
    const made = async () => (await bed.podsLeft(namespace)).length === 2;
    await until(made, 'two pods');
    return { network, probing };
  };

  describe.concurrent('recognises of the networks', () => {
    test('one of which all is well', async () => {
      expect(await bed.failures(await bed.addNetwork('well'))).toEqual([]);
    });

    test('an address that both pods were given', async () => {
      await bed.real.apply('samples/ipvlan-conf-1.yaml');
      const network = { namespace: 'default', args: ['--network', 'ipvlan-conf-1'] };
      // One of them gets it, and that is told of both.
      expect(await bed.failures(network)).toEqual([
        starting('duplicate-address: (address|duplicate) of a: .*172.16.1.7'),
        starting('duplicate-address: (address|duplicate) of b: .*172.16.1.7'),
      ]);
    });

    test('a gateway that does not answer', async () => {
      const network = await bed.addNetwork('gateway');
      expect(await bed.failures(network, '--gateway', '172.16.1.250')).toEqual([
        starting('gateway-unreachable: gateway of a: 172.16.1.250 does not answer'),
        starting('gateway-unreachable: gateway of b: 172.16.1.250 does not answer'),
      ]);
    });

    test('an image that cannot be had', async () => {
      const network = await bed.addNetwork('image');
      const image = 'multus-eni-reconciler.local/none:1';
      expect(await bed.failures(network, '--image', image)).toEqual([
        starting('pod-not-started: pod of a: .*multus-eni-reconciler.local/none:1'),
        starting('pod-not-started: pod of b: .*multus-eni-reconciler.local/none:1'),
      ]);
    });

    test('a strict rp_filter, which drops what has no way back', async () => {
      const network = await bed.addNetwork('strict', { reversePath: 1, secondPrefix: 32 });
      const dropped = `on b the kernel dropped \\d+ packets: rp_filter is 1 \\(strict\\), and the way back to ${network.ips[0]} leads by eth0`;
      expect(await bed.failures(network)).toEqual([
        'wrong-route: gateway of b: packets for 172.16.1.1 leave by eth0',
        starting(`rp-filter: to the peer from a to b: ${dropped}`),
        starting(`rp-filter: reply path from b to a: ${dropped}`),
      ]);
    });

    test('a loose rp_filter, whose answers leave by eth0', async () => {
      const shape = { master: 'eth2', reversePath: 2, secondPrefix: 32 } as const;
      const network = await bed.addNetwork('loose', shape);
      const [a, b] = network.ips;
      // Else the node, which has an address there, mends it: Multus ENIs have none on their nodes.
      await bed.run(1, 'ip route del 172.16.3.0/24 dev eth2');
      try {
        expect(await bed.failures(network)).toEqual([
          'wrong-route: gateway of b: packets for 172.16.3.1 leave by eth0',
          `wrong-route: reply path from a to b: answers from ${b} leave by eth0 (rp_filter 2 (loose))`,
          `wrong-route: to the peer from b to a: packets for ${a} leave by eth0`,
        ]);
      } finally {
        await bed.run(1, 'ip route add 172.16.3.0/24 dev eth2');
      }
    });
  });

  describe.concurrent('recognises of what the VPC lets pass', () => {
    test('nothing between the pods', async () => {
      const network = await bed.addNetwork('apart');
      const [a, b] = network.ips;
      const ends = [await bed.lose(0, network), await bed.lose(1, network)];
      try {
        expect(await bed.failures(network)).toEqual([
          `peer-unreachable: to the peer from a to b: nothing comes to ${b}`,
          `peer-unreachable: to the peer from b to a: nothing comes to ${a}`,
        ]);
      } finally {
        for (const end of ends) await end();
      }
    });

    // As a security group that one of two ENIs lacks does, which lets through what answers the other.
    test('ping alone, one way', async () => {
      const network = await bed.addNetwork('filtered');
      const [a] = network.ips;
      const end = await bed.lose(1, network, 'ipproto udp dport 20177');
      try {
        expect(await bed.failures(network)).toEqual([
          `port-filtered: to the peer from b to a: ${a} answers to ping, and not at UDP port 20177`,
        ]);
      } finally {
        await end();
      }
    });

    // As a network ACL that forgets the ports of clients does.
    test('no answers, one way', async () => {
      const network = await bed.addNetwork('unanswered');
      const [, b] = network.ips;
      const end = await bed.lose(1, network, 'ipproto udp sport 20177');
      try {
        expect(await bed.failures(network)).toEqual([
          `reply-lost: reply path from a to b: ${b} gets what is sent, and its answers are lost`,
        ]);
      } finally {
        await end();
      }
    });
  });

  test.concurrent('leaves nothing behind after the run that follows a kill', async () => {
    const { network, probing } = await running('killed');
    probing.signal('SIGKILL');
    expect(await probing.ended).toMatchObject({ code: 'SIGKILL' });
    expect(await bed.podsLeft('killed')).toHaveLength(2);
    const next = await bed.start(...network.args).ended;
    expect(next.stderr).toContain('removed 2 pods that an earlier probe had left');
    expect(next.code).toBe(0);
  });

  describe('recognises of the ENIs', () => {
    test.concurrent('one that is down, as AL2023 leaves it', async () => {
      const network = await bed.addNetwork('down');
      await bed.run(0, 'ip link set eth1 down');
      try {
        expect(await bed.failures(network)).toEqual([
          starting('link-down: link of a: net1 has no carrier'),
        ]);
      } finally {
        await bed.run(0, 'ip link set eth1 up');
      }
    });

    test.concurrent('an MTU that is not the same everywhere', async () => {
      const network = await bed.addNetwork('mtu', { master: 'eth2' });
      await bed.run(1, 'ip link set eth2 mtu 1400');
      try {
        expect(await bed.failures(network)).toEqual([
          "mtu: mtu from a to b: packets of 1500 bytes get lost, those of 1400 arrive; the other's MTU is 1400",
        ]);
      } finally {
        await bed.run(1, 'ip link set eth2 mtu 1500');
      }
    });
  });

  describe('recognises of what assigns addresses', () => {
    test.concurrent('an ENI without room, on each node', async () => {
      const network = await bed.addNetwork('full');
      const { ec2 } = bed.real.bed;
      // An m5.large takes ten on an ENI, the primary one among them.
      const given = ([0, 1] as const).map((which: Which) => ({
        NetworkInterfaceId: bed.eniOf(which),
        PrivateIpAddresses: Array.from(
          { length: 9 },
          (_, at) => `172.16.1.${20 + 20 * which + at}`,
        ),
      }));
      const isEmpty = () =>
        bed.real.nodes.every((node) => bed.real.addressesOn(node, 1).length === 0);
      await until(isEmpty, 'the addresses of earlier probes to be released');
      for (const each of given) await ec2.send(new AssignPrivateIpAddressesCommand(each));
      try {
        expect(await bed.failures(network)).toEqual([
          starting(`no-room: address of a: ${network.ips[0]} on net1: EniFull: `),
          starting(`no-room: address of b: ${network.ips[1]} on net1: EniFull: `),
        ]);
      } finally {
        for (const each of given) await ec2.send(new UnassignPrivateIpAddressesCommand(each));
      }
    });

    test.concurrent('an ENI without the tag', async () => {
      const network = await bed.addNetwork('untagged', { master: 'eth2' });
      const { ec2 } = bed.real.bed;
      const Tags = [{ Key: 'node.k8s.amazonaws.com/no_manage', Value: 'true' }];
      const tagged = { Resources: [bed.eniOf(1, 2)], Tags };
      await ec2.send(new DeleteTagsCommand(tagged));
      try {
        expect(await bed.failures(network)).toEqual([
          starting(`not-assigned: address of b: ${network.ips[1]} on net1: `),
        ]);
      } finally {
        await ec2.send(new CreateTagsCommand(tagged));
      }
    });
  });

  test('recognises that nobody assigns addresses, and then a pod whose interface is gone', async () => {
    const [untold, gone] = [await bed.addNetwork('untold'), await bed.addNetwork('gone')];
    // So the interface is gone before anything has come by it.
    await bed.real.pauseDelivery();
    // Its end is waited for: long enough for two pods to start on a busy machine, and no longer.
    const [nobody, later] = [bed.failures(untold, '--timeout', '90'), bed.failures(gone)];
    try {
      await bed.runInPod(0, gone.namespace, 'ip link del net1');
      expect(await nobody).toEqual([
        starting(`not-assigned: address of a: ${untold.ips[0]} on net1: nobody has set`),
        starting(`not-assigned: address of b: ${untold.ips[1]} on net1: nobody has set`),
      ]);
    } finally {
      bed.real.startDelivery();
    }
    expect(await later).toEqual(['no-interface: link of a: there is no net1 in the pod']);
  });

  test('recognises a node without Multus', async () => {
    const network = await bed.addNetwork('missed');
    const putMultus = await takeMultus(bed.node(0));
    try {
      expect(await bed.failures(network)).toEqual([
        'not-attached: pod of a: it runs, and has no network-status',
      ]);
    } finally {
      await putMultus();
    }
  });

  describe('a node whose logs cannot be read', () => {
    // Of what the kubelet answers: what comes to the node itself is let in before any rule.
    const rule = 'pref 100 ipproto tcp sport 10250 blackhole';
    beforeAll(async () => void (await bed.run(1, `ip rule add ${rule}`)));
    afterAll(async () => void (await bed.run(1, `ip rule del ${rule}`)));

    test.concurrent('is recognised', async () => {
      expect(await bed.failures(await bed.addNetwork('unread'))).toEqual([
        // How the API server fails at a new connection to the kubelet, or at one that it kept.
        starting(
          'not-tried: link of b: .*, and its log cannot be read: .*(timeout|connection lost)',
        ),
      ]);
    });

    test.concurrent.each(['SIGINT', 'SIGTERM'] as const)(
      'keeps nobody from leaving nothing behind after %s',
      async (name) => {
        const namespace = name.toLowerCase();
        const { probing } = await running(namespace);
        probing.signal(name);
        expect(await probing.ended).toMatchObject({ code: 130 });
        expect(await bed.podsLeft(namespace)).toEqual([]);
      },
    );
  });

  test('has recognised every failure that it has a name for', () => {
    expect([...bed.produced].toSorted()).toEqual(Object.keys(FAILURES).toSorted());
  });

  test('no pod and no address is left by all of them', async () => {
    expect(await bed.podsLeft()).toEqual([]);
    const { nodes, addressesOn } = bed.real;
    const left = () => nodes.flatMap((node) => [1, 2].flatMap((eni) => addressesOn(node, eni)));
    await until(() => left().length === 0, 'the addresses to be released');
  });
});
