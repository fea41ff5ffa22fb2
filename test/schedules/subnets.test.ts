/** docs/design.md, "Schedules that broke earlier wordings": those of subnets that change. */
import { describe, expect, test } from 'vitest';
import { type Scene, startScene } from './scene.ts';

/** In a range of the scene's network. */
const X = '2600:1f18:1111:1::75';
const BLOCK = '2600:1f18:1111:1::/64';
const IPV4 = '172.16.5.70';

/** A node `d` whose eth1 is in a subnet that has no IPv6 block, and whose environment knows that. */
async function startWarm() {
  const scene = await startScene();
  const { ec2, cluster, subnets } = scene.world;
  ec2.disassociateIpv6(subnets.multus1);
  const subnetId = ec2.addSubnet({ cidr: '172.16.5.0/24' });
  cluster.addWorker([{ deviceIndex: 1, subnetId }], { name: 'd' });
  cluster.nodes.stopKubelet('d');
  const pod = scene.pod('p1', { node: 'd', ips: [IPV4] });
  await scene.look('d');
  return { scene, subnetId, pod };
}

function asked({ world }: Scene): number {
  return world.ec2.calls.counts().DescribeSubnets ?? 0;
}

describe('29: an IPv6 block comes to a subnet, or goes, while environments keep what they read', () => {
  test('an address of a block that came is assigned at once, and costs one look at the subnets', async () => {
    const { scene, subnetId, pod } = await startWarm();
    scene.world.ec2.associateIpv6(subnetId, BLOCK);
    pod.claim({ ips: [IPV4, X] });
    const before = asked(scene);
    await scene.look('d');

    expect(scene.ec2.whereIs(X)).toBe('d/eth1');
    expect(pod.told()).toMatch(/^Assigned: /);
    expect(asked(scene)).toBe(before + 1);
    await scene.expectSettled();
    await scene.sweep();
    await scene.look('d');
    const settled = asked(scene);
    await scene.look('d');
    await scene.sweep();
    expect(asked(scene)).toBe(settled);
  });

  test('so is a floating one, which no known subnet held', async () => {
    const { scene, subnetId, pod } = await startWarm();
    scene.world.ec2.associateIpv6(subnetId, BLOCK);
    pod.claim({ ips: [IPV4], floating: [{ ip: X }] });
    await scene.look('d');

    expect(scene.ec2.whereIs(X)).toBe('d/eth1');
    await scene.expectSettled();
  });

  test('the sweep finds who was told before the block came', async () => {
    const { scene, subnetId, pod } = await startWarm();
    pod.claim({ ips: [IPV4, X] });
    await scene.look('d');
    expect(pod.told()).toMatch(/^OutsideSubnet: /);
    await scene.sweep();
    expect(scene.queued()).toEqual([]);

    scene.world.ec2.associateIpv6(subnetId, BLOCK);
    await scene.sweep();
    expect(scene.queued()).toEqual(['d sweep']);
    await scene.deliver();
    expect(pod.told()).toMatch(/^Assigned: /);
    await scene.expectSettled();
  });

  test('every environment tells the same of an address whose block has gone', async () => {
    const { scene, subnetId, pod } = await startWarm();
    scene.world.ec2.associateIpv6(subnetId, BLOCK);
    pod.claim({ ips: [IPV4, X] });
    await scene.look('d');
    pod.claim({ ips: [IPV4] });
    await scene.look('d', pod.gone(X));
    scene.world.ec2.disassociateIpv6(subnetId);
    pod.claim({ ips: [IPV4, X] });
    await scene.look('d');
    expect(pod.told()).toMatch(new RegExp(`${X}: refused: .* does not fall within the subnet`));

    await scene.look('d');
    expect(pod.told()).toMatch(/^OutsideSubnet: /);
    const told = pod.told();
    const busy = scene.reconcile('d');
    await busy.until('DescribeNetworkInterfaces');
    await scene.look('d');
    expect(pod.told()).toBe(told);
    await busy.finish();
    expect(pod.told()).toBe(told);
    await scene.expectSettled();
  });

  test('an environment that knows an address’s block in another subnet does not move it there', async () => {
    const scene = await startScene();
    const { ec2, cluster, subnets } = scene.world;
    const enis = [subnets.multus1, subnets.multus2];
    cluster.addWorker(
      enis.map((subnetId, index) => ({ subnetId, deviceIndex: index + 1 })),
      { name: 'd' },
    );
    cluster.nodes.stopKubelet('d');
    await scene.look('d');
    const warm = scene.reconcile('d');
    await warm.until('DescribeNetworkInterfaces');
    for (const subnetId of enis) ec2.disassociateIpv6(subnetId);
    ec2.associateIpv6(subnets.multus2, BLOCK);
    const pod = scene.pod('p1', { node: 'd', floating: [{ ip: X }] });
    await scene.look('d');
    expect(scene.ec2.whereIs(X)).toBe('d/eth2');

    expect(await warm.finish()).toEqual({ batchItemFailures: [] });
    expect(scene.ec2.changes()).toEqual([`assign ${X} to d/eth2`]);
    expect(pod.told()).toMatch(/^Assigned: /);
    await scene.expectSettled();
  });
});
