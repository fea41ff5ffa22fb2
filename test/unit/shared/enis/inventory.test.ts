import { describe, expect, it } from 'vitest';
import { DEFAULT_MANAGED_TAG } from '../../../../shared/enis/ec2.ts';
import { cachedInstanceLimits } from '../../../../shared/enis/instance-limits.ts';
import { eniInventory } from '../../../../shared/enis/inventory.ts';
import { cachedSubnets } from '../../../../shared/enis/subnets.ts';
import { startSandboxEc2 } from '../../../support/sandbox-ec2.ts';
import { TAGS } from '../apply/bed.ts';
import { address, cidr } from '../plan/fixtures.ts';

async function startInventory() {
  const bed = await startSandboxEc2();
  const { client, ec2 } = bed;
  const nodes = ec2.addSubnet({ cidr: '172.16.0.0/24' });
  const subnetId = ec2.addSubnet({ cidr: '172.16.1.0/24', ipv6Cidrs: ['2001:db8:0:1::/64'] });
  const worker = ec2.addInstance({
    type: 'm5.large',
    enis: [
      { deviceIndex: 0, subnetId: nodes, tags: TAGS },
      {
        deviceIndex: 1,
        subnetId,
        tags: { ...TAGS, 'kubernetes.io/cluster/second': 'owned' },
        primary: '172.16.1.10',
        secondary: ['172.16.1.70'],
        ipv6: ['2001:db8:0:1::10', '2001:db8:0:1::70'],
        primaryIpv6: '2001:db8:0:1::10',
      },
    ],
  });
  const eth1 = worker.enis[1]?.id ?? '';
  return { ...bed, eth1, inventory: eniInventory(client, DEFAULT_MANAGED_TAG), subnetId, worker };
}

describe('the inventory', () => {
  it('tells primary addresses from secondary ones, in both families, and knows prefixes', async () => {
    const { ec2, eth1, inventory, subnetId, worker } = await startInventory();
    ec2.addPrefix(eth1, '172.16.1.96/28');
    const enis = await inventory.ofInstances([worker.instanceId]);
    expect(enis.find(({ id }) => id === eth1)).toEqual({
      id: eth1,
      vpcId: ec2.vpcId,
      subnetId,
      mac: ec2.eni(eth1).mac,
      instanceId: worker.instanceId,
      deviceIndex: 1,
      managed: true,
      clusters: expect.arrayContaining(['demo', 'second']),
      primary: ['172.16.1.10', '2001:db8:0:1::10'].map(address),
      secondary: ['172.16.1.70', '2001:db8:0:1::70'].map(address),
      prefixes: [cidr('172.16.1.96/28')],
    });
  });

  it('never manages device index 0, whatever its tags', async () => {
    const { inventory, worker } = await startInventory();
    const enis = await inventory.ofInstances([worker.instanceId]);
    expect(enis.map(({ deviceIndex, managed }) => [deviceIndex, managed])).toEqual([
      [0, false],
      [1, true],
    ]);
  });

  it('manages what carries the whole tag, value and all', async () => {
    const { ec2, eth1, inventory, worker } = await startInventory();
    ec2.tagEni(eth1, { [DEFAULT_MANAGED_TAG.key]: 'false' });
    const enis = await inventory.ofInstances([worker.instanceId]);
    expect(enis.filter(({ managed }) => managed)).toEqual([]);
  });

  it('lists managed ENIs, detached ones among them, without instance and device index', async () => {
    const { ec2, eth1, inventory } = await startInventory();
    ec2.detachEni(eth1);
    const found = (await inventory.managed()).find(({ id }) => id === eth1);
    expect(found).toMatchObject({ managed: true, instanceId: undefined, deviceIndex: undefined });
  });

  it('finds who has an address, of either family and role, in one VPC', async () => {
    const { ec2, eth1, inventory } = await startInventory();
    const otherVpc = ec2.addVpc();
    const elsewhere = ec2.addSubnet({ vpcId: otherVpc, cidr: '172.16.1.0/24' });
    ec2.addEni({ subnetId: elsewhere, secondary: ['172.16.1.70'] });
    for (const text of ['172.16.1.70', '172.16.1.10', '2001:db8:0:1::70']) {
      const found = await inventory.withAddresses(ec2.vpcId, [address(text)]);
      expect(found.map(({ id }) => id)).toEqual([eth1]);
    }
  });

  it('lists the ENIs of subnets, managed or not, a page at a time', async () => {
    const { ec2, eth1, inventory, subnetId } = await startInventory();
    const spare = ec2.addEni({ subnetId });
    ec2.calls.clear();
    const pages: string[][] = [];
    for await (const page of inventory.inSubnets([subnetId])) {
      pages.push(page.map(({ id }) => id).sort());
    }
    expect(pages).toEqual([[eth1, spare].sort()]);
    expect(ec2.calls.all().map(({ params }) => params)).toMatchObject([{ MaxResults: '1000' }]);
  });

  it('asks for 200 addresses at a time, as many as a filter takes', async () => {
    const { ec2, inventory } = await startInventory();
    const many = Array.from({ length: 250 }, (_, index) => address(`172.16.1.${index}`));
    ec2.calls.clear();
    await inventory.withAddresses(ec2.vpcId, many);
    expect(ec2.calls.counts()).toEqual({ DescribeNetworkInterfaces: 2 });
  });

  it('reads every page', async () => {
    const { client, ec2, inventory, subnetId } = await startInventory();
    client.middlewareStack.add(
      (next) => (args) => next({ ...args, input: { ...args.input, MaxResults: 5 } }),
      { step: 'initialize' },
    );
    const added = Array.from({ length: 12 }, () => ec2.addEni({ subnetId, tags: TAGS }));
    ec2.calls.clear();
    const found = (await inventory.managed()).map(({ id }) => id);
    expect(found).toEqual(expect.arrayContaining(added));
    expect(ec2.calls.counts()).toEqual({ DescribeNetworkInterfaces: 3 });
  });

  it('bounds every read by a filter and a page size', async () => {
    const { ec2, inventory, worker } = await startInventory();
    ec2.calls.clear();
    await inventory.managed();
    await inventory.ofInstances([worker.instanceId]);
    for (const { params } of ec2.calls.all()) {
      expect(params).toMatchObject({ MaxResults: '1000' });
      expect(params).toHaveProperty(['Filter.1.Name']);
    }
  });

  it('names the ENI whose description cannot be read', async () => {
    const { client, eth1, inventory } = await startInventory();
    client.middlewareStack.add(
      (next) => async (args) => {
        const answer = await next(args);
        if ('NetworkInterfaces' in answer.output) {
          const odd = answer.output.NetworkInterfaces?.find(
            ({ NetworkInterfaceId: id }) => id === eth1,
          );
          if (odd) odd.PrivateIpAddresses = [{ PrivateIpAddress: 'nonsense' }];
        }
        return answer;
      },
      { step: 'initialize' },
    );
    await expect(inventory.managed()).rejects.toThrow(`${eth1}: ✖ "nonsense" is not an address`);
  });
});

describe('what hardly changes', () => {
  it('is asked once: subnets, with all their blocks', async () => {
    const { client, ec2, subnetId } = await startInventory();
    const subnets = cachedSubnets(client);
    ec2.calls.clear();
    expect((await subnets.of([subnetId])).get(subnetId)?.blocks).toEqual([
      cidr('172.16.1.0/24'),
      cidr('2001:db8:0:1::/64'),
    ]);
    await subnets.of([subnetId, subnetId]);
    expect(ec2.calls.counts()).toEqual({ DescribeSubnets: 1 });
  });

  it('is asked for in one call by all who ask at a time, and by nobody whom another has asked for', async () => {
    const { client, ec2, subnetId } = await startInventory();
    const ids = Array.from({ length: 100 }, (_, index) =>
      ec2.addSubnet({ cidr: `10.0.${index}.0/24` }),
    );
    const subnets = cachedSubnets(client);
    ec2.calls.clear();
    const each = [subnetId, ...ids, ...ids].map((id) => subnets.of([id]));
    expect((await Promise.all(each)).map(({ size }) => size)).toEqual(each.map(() => 1));
    await subnets.of(ids);
    expect(ec2.calls.counts()).toEqual({ DescribeSubnets: 1 });
  });

  it('is asked for 200 at a time, as many as a filter takes', async () => {
    const { client, ec2 } = await startInventory();
    const ids = Array.from({ length: 250 }, (_, index) =>
      ec2.addSubnet({ cidr: `10.0.${index}.0/24` }),
    );
    ec2.calls.clear();
    expect((await cachedSubnets(client).of(ids)).size).toBe(250);
    expect(ec2.calls.counts()).toEqual({ DescribeSubnets: 2 });
  });

  it('is as EC2 has it if it is asked for again, and kept like that', async () => {
    const { client, ec2 } = await startInventory();
    const subnetId = ec2.addSubnet({ cidr: '10.0.0.0/24' });
    const subnets = cachedSubnets(client);
    const before = await subnets.of([subnetId]);
    ec2.associateIpv6(subnetId, '2001:db8:0:7::/64');
    expect(await subnets.of([subnetId])).toEqual(before);
    const now = await subnets.again([subnetId]);
    expect(now.get(subnetId)?.blocks).toContainEqual(cidr('2001:db8:0:7::/64'));
    expect(await subnets.of([subnetId])).toEqual(now);
  });

  it('is asked for by the others if one of them gives up, and by the next if the call fails', async () => {
    const { client, ec2, subnetId } = await startInventory();
    const subnets = cachedSubnets(client);
    const effect = { kind: 'error', code: 'UnauthorizedOperation', status: 403 } as const;
    ec2.faults.add({ action: 'DescribeSubnets', effect });
    await expect(subnets.of([subnetId])).rejects.toMatchObject({ name: effect.code });
    const controller = new AbortController();
    const one = subnets.of([subnetId], controller.signal);
    const other = subnets.of([subnetId]);
    controller.abort(new Error('its deadline is over'));
    await expect(one).rejects.toThrow('its deadline is over');
    expect((await other).size).toBe(1);
  });

  it('lacks a subnet that EC2 does not know', async () => {
    const { client } = await startInventory();
    expect((await cachedSubnets(client).of(['subnet-0123456789abcdef0'])).size).toBe(0);
  });

  it('is asked once: how many addresses an instance type takes', async () => {
    const { client, ec2 } = await startInventory();
    const limitsOf = cachedInstanceLimits(client);
    ec2.calls.clear();
    const types = ['m5.large', 'm5.large', 't3.medium', 'x9.mega'];
    expect(await Promise.all(types.map((type) => limitsOf(type)))).toEqual([
      { interfaces: 3, ipv4: 10, ipv6: 10 },
      { interfaces: 3, ipv4: 10, ipv6: 10 },
      { interfaces: 3, ipv4: 6, ipv6: 6 },
      undefined,
    ]);
    await limitsOf('m5.large');
    expect(ec2.calls.counts()).toEqual({ DescribeInstanceTypes: 1 });
  });

  it('has no limits for an unknown type or a node without one: EC2 refuses by itself', async () => {
    const { client, ec2 } = await startInventory();
    const limitsOf = cachedInstanceLimits(client);
    ec2.calls.clear();
    expect(await limitsOf('x9.mega')).toBeUndefined();
    expect(await limitsOf('x9.mega')).toBeUndefined();
    expect(await limitsOf(undefined)).toBeUndefined();
    expect(ec2.calls.counts()).toEqual({ DescribeInstanceTypes: 1 });
  });
});
