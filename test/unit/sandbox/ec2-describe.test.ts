import {
  AssignPrivateIpAddressesCommand,
  DescribeNetworkInterfacesCommand,
  type DescribeNetworkInterfacesCommandInput,
  paginateDescribeNetworkInterfaces,
} from '@aws-sdk/client-ec2';
import { describe, expect, test } from 'vitest';
import type { NetworkInterface } from '../../../sandbox/ec2/model.ts';
import { startSandboxEc2, startWorkers, type Workers } from '../../support/sandbox-ec2.ts';

async function ids(w: Workers, input: DescribeNetworkInterfacesCommandInput) {
  const { NetworkInterfaces } = await w.client.send(new DescribeNetworkInterfacesCommand(input));
  return (NetworkInterfaces ?? []).map((eni) => eni.NetworkInterfaceId);
}

describe('DescribeNetworkInterfaces filters', () => {
  const own = ({ ec2, a }: Workers) => ec2.eni(a);
  const onlyA = (eni: NetworkInterface, { a }: Workers) => eni.id === a;
  const FILTERS: readonly [
    name: string,
    value: (w: Workers) => string,
    finds: (eni: NetworkInterface, w: Workers) => boolean,
  ][] = [
    ['addresses.private-ip-address', () => '172.16.1.74', onlyA],
    ['addresses.private-ip-address', () => '172.16.1.10', onlyA],
    ['ipv6-addresses.ipv6-address', () => '2001:db8:0:1::74', onlyA],
    ['network-interface-id', ({ a }) => a, onlyA],
    ['mac-address', (w) => own(w).mac, onlyA],
    ['tag:team', () => 'blue', onlyA],
    ['tag-key', () => 'team', onlyA],
    ['subnet-id', (w) => own(w).subnetId, (eni, w) => eni.subnetId === w.subnetId],
    ['vpc-id', (w) => own(w).vpcId, (eni, w) => eni.vpcId === w.ec2.vpcId],
    [
      'attachment.instance-id',
      (w) => w.instanceA,
      (eni, w) => eni.attachment?.instanceId === w.instanceA,
    ],
  ];

  test.for(FILTERS)('%s finds what has it and nothing else', async ([Name, value, finds]) => {
    const w = await startWorkers();
    w.ec2.tagEni(w.a, { team: 'blue' });
    const vpcId = w.ec2.addVpc();
    const subnetId = w.ec2.addSubnet({ vpcId, cidr: '172.16.9.0/24' });
    w.ec2.addEni({ subnetId, tags: { other: 'blue' } });
    const wanted = [...w.ec2.snapshot().enis.values()].filter((eni) => finds(eni, w));
    const found = await ids(w, { Filters: [{ Name, Values: [value(w)] }] });
    expect(found.toSorted()).toEqual(wanted.map(({ id }) => id).toSorted());
  });

  test('values of one filter are alternatives, filters are joined with "and"', async () => {
    const w = await startWorkers();
    const address = {
      Name: 'addresses.private-ip-address',
      Values: ['172.16.1.74', '172.16.1.80'],
    };
    expect((await ids(w, { Filters: [address] })).toSorted()).toEqual([w.a, w.b].toSorted());
    const instance = { Name: 'attachment.instance-id', Values: [w.instanceB] };
    expect(await ids(w, { Filters: [address, instance] })).toEqual([w.b]);
  });

  test('* and ? are wildcards, every other character stands for itself', async () => {
    const w = await startWorkers();
    w.ec2.tagEni(w.a, { name: 'worker.1' });
    const byName = (value: string) => ids(w, { Filters: [{ Name: 'tag:name', Values: [value] }] });
    expect(await byName('worker*')).toEqual([w.a]);
    expect(await byName('worker.?')).toEqual([w.a]);
    expect(await byName('w.*')).toEqual([]);
    expect(await byName('Worker.1')).toEqual([]);
  });

  test('an unknown filter is an error', async () => {
    const w = await startWorkers();
    await expect(ids(w, { Filters: [{ Name: 'colour', Values: ['x'] }] })).rejects.toMatchObject({
      name: 'InvalidParameterValue',
      message: "The filter 'colour' is invalid",
    });
  });

  test('more than 200 values of a filter are an error', async () => {
    const w = await startWorkers();
    const values = (count: number) => Array.from({ length: count }, (_, index) => `i-${index}`);
    const query = (count: number) =>
      ids(w, { Filters: [{ Name: 'attachment.instance-id', Values: values(count) }] });
    expect(await query(200)).toEqual([]);
    await expect(query(201)).rejects.toMatchObject({ name: 'FilterLimitExceeded' });
  });

  test('an id that does not exist is an error', async () => {
    const w = await startWorkers();
    w.ec2.deleteEni(w.b);
    await expect(ids(w, { NetworkInterfaceIds: [w.a, w.b] })).rejects.toMatchObject({
      name: 'InvalidNetworkInterfaceID.NotFound',
    });
  });
});

describe('DescribeNetworkInterfaces answers', () => {
  test('everything that it knows of an ENI, special characters included', async () => {
    const w = await startWorkers();
    w.ec2.tagEni(w.a, { 'a<b>&"c"': "d'é &lt;" });
    w.ec2.addPrefix(w.a, '172.16.1.128/28');
    w.ec2.addPrefix(w.a, '2001:db8:0:1:1::/80');
    const { NetworkInterfaces } = await w.client.send(
      new DescribeNetworkInterfacesCommand({ NetworkInterfaceIds: [w.a] }),
    );
    expect(NetworkInterfaces).toHaveLength(1);
    expect(NetworkInterfaces?.[0]).toMatchObject({
      NetworkInterfaceId: w.a,
      Status: 'in-use',
      SubnetId: w.subnetId,
      VpcId: w.ec2.vpcId,
      OwnerId: '123456789012',
      MacAddress: w.ec2.eni(w.a).mac,
      PrivateIpAddress: '172.16.1.10',
      PrivateIpAddresses: [
        { PrivateIpAddress: '172.16.1.10', Primary: true },
        { PrivateIpAddress: '172.16.1.74', Primary: false },
        { PrivateIpAddress: '172.16.1.75', Primary: false },
      ],
      Ipv6Addresses: [{ Ipv6Address: '2001:db8:0:1::74', IsPrimaryIpv6: false }],
      Ipv4Prefixes: [{ Ipv4Prefix: '172.16.1.128/28' }],
      Ipv6Prefixes: [{ Ipv6Prefix: '2001:db8:0:1:1::/80' }],
      Attachment: { InstanceId: w.instanceA, DeviceIndex: 1, Status: 'attached' },
      TagSet: [{ Key: 'a<b>&"c"', Value: "d'é &lt;" }],
    });
  });

  test('a detached ENI keeps its addresses and is available', async () => {
    const w = await startWorkers();
    w.ec2.detachEni(w.a);
    const { NetworkInterfaces } = await w.client.send(
      new DescribeNetworkInterfacesCommand({ NetworkInterfaceIds: [w.a] }),
    );
    expect(NetworkInterfaces?.[0]?.Status).toBe('available');
    expect(NetworkInterfaces?.[0]?.Attachment).toBeUndefined();
    expect(NetworkInterfaces?.[0]?.PrivateIpAddresses).toHaveLength(3);
  });
});

describe('paging', () => {
  test('pages of MaxResults with NextToken until all are seen once', async () => {
    const { ec2, client } = await startSandboxEc2();
    const subnetId = ec2.addSubnet({ cidr: '10.0.0.0/20' });
    const all = Array.from({ length: 12 }, () => ec2.addEni({ subnetId }));
    const pages: (string | undefined)[][] = [];
    for await (const page of paginateDescribeNetworkInterfaces({ client, pageSize: 5 }, {})) {
      pages.push((page.NetworkInterfaces ?? []).map((eni) => eni.NetworkInterfaceId));
    }
    expect(pages.map((page) => page.length)).toEqual([5, 5, 2]);
    expect(pages.flat().toSorted()).toEqual(all.toSorted());
  });

  test('without a page size the answer ends after 1,000 and names a token', async () => {
    const { ec2, client } = await startSandboxEc2();
    const subnetId = ec2.addSubnet({ cidr: '10.0.0.0/20' });
    for (let count = 0; count < 1001; count += 1) {
      ec2.addEni({ subnetId, primary: `10.0.${1 + (count >> 8)}.${count & 255}` });
    }
    const first = await client.send(new DescribeNetworkInterfacesCommand({}));
    expect(first.NetworkInterfaces).toHaveLength(1000);
    const { NextToken } = first;
    const rest = await client.send(new DescribeNetworkInterfacesCommand({ NextToken }));
    expect(rest.NetworkInterfaces).toHaveLength(1);
    expect(rest.NextToken).toBeUndefined();
  });

  test.for([4, 1001])('a page size of %i is an error', async (MaxResults) => {
    const w = await startWorkers();
    await expect(ids(w, { MaxResults })).rejects.toMatchObject({ name: 'InvalidParameterValue' });
  });

  test('a page size together with ids is an error', async () => {
    const w = await startWorkers();
    await expect(ids(w, { MaxResults: 5, NetworkInterfaceIds: [w.a] })).rejects.toMatchObject({
      name: 'InvalidParameterCombination',
    });
  });
});

describe('DescribeNetworkInterfaces just after a change: eventually consistent', () => {
  const change = (w: Workers) =>
    w.client.send(
      new AssignPrivateIpAddressesCommand({
        NetworkInterfaceId: w.a,
        PrivateIpAddresses: ['172.16.1.90'],
      }),
    );
  const seen = async (w: Workers) => {
    const Filters = [{ Name: 'addresses.private-ip-address', Values: ['172.16.1.90'] }];
    return (await ids(w, { Filters })).length === 1;
  };

  test('it shows a change at once unless told otherwise', async () => {
    const w = await startWorkers();
    await change(w);
    expect(await seen(w)).toBe(true);
  });

  test('it lags behind by a time', async () => {
    const w = await startWorkers();
    w.ec2.setStaleness({ kind: 'time', ms: 500 });
    w.clock.advance(1000);
    await change(w);
    w.clock.advance(499);
    expect(await seen(w)).toBe(false);
    w.clock.advance(1);
    expect(await seen(w)).toBe(true);
  });

  test('it lags behind by a number of changes, while the other calls see the present', async () => {
    const w = await startWorkers();
    w.ec2.setStaleness({ kind: 'versions', back: 1 });
    await change(w);
    expect(await seen(w)).toBe(false);
    expect(w.ec2.holderOf('172.16.1.90')?.eniId).toBe(w.a);
    w.ec2.tagEni(w.b, { any: 'change' });
    expect(await seen(w)).toBe(true);
    w.ec2.setStaleness({ kind: 'none' });
    expect(await seen(w)).toBe(true);
  });
});
